//! The server as a consumer of brokers: a Kafka as librdkafka plays it, and a real RabbitMQ, each test with its own. The
//! server is the real program, and it is killed for real.

mod amqp;
mod kafka;
mod process;
mod rabbitmq;
mod stored;

#[path = "../it"]
#[allow(dead_code, unused_imports, reason = "the integration tests need all of it, these a part")]
mod it {
    pub(crate) mod harness;
}
use it::harness;
