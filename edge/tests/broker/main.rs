//! The agent and brokers: a Kafka as librdkafka plays it, a real RabbitMQ and a real mosquitto, each test with its own.

mod amqp;
mod delivering;
mod kafka;
mod mosquitto;
mod mqtt;
#[path = "../../../server/tests/broker/process.rs"]
mod process;
#[path = "../../../server/tests/broker/rabbitmq.rs"]
mod rabbitmq;
