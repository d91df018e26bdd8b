//! Events from a RabbitMQ: a quorum queue, whose deliveries are acknowledged after the database.
//!
//! The broker hands out as many messages as the prefetch says and no more before those are acknowledged. So a database
//! that is away stops it, while the messages stay with this consumer and none of them is counted as delivered again. A
//! message that ends its consumer again and again is counted by the broker, which puts it to the dead letters at the
//! queue's limit.

mod dead_letters;
mod settings;
mod topology;

use std::pin::pin;

use futures_util::StreamExt as _;
use lapin::{
    Channel, Connection, ConnectionProperties, Consumer,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions},
    types::{AMQPValue, FieldTable},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::settings::Settings;
use super::{
    LINGER, MAX_BATCH_BYTES, MAX_BATCH_MESSAGES,
    backoff::{BACKOFF, wait},
    intake::{Delivered, Intake},
};

/// The header that names the factory where the routing key does not.
const FACTORY_HEADER: &str = "factory";
/// How many messages the broker hands out before the first of them is acknowledged: the next batch is there when one is
/// done.
const PREFETCH: u16 = 2 * MAX_BATCH_MESSAGES as u16;

impl Delivered for Delivery {
    fn factory(&self) -> Option<&[u8]> {
        let header =
            self.properties.headers().as_ref().and_then(|headers| headers.inner().get(FACTORY_HEADER));
        match header {
            Some(AMQPValue::LongString(factory)) => Some(factory.as_bytes()),
            Some(AMQPValue::ShortString(factory)) => Some(factory.as_str().as_bytes()),
            _ => Some(self.routing_key.as_str().as_bytes()),
        }
    }

    fn payload(&self) -> &[u8] {
        &self.data
    }
}

/// Consumes until the token is cancelled, over as many connections as that takes.
pub(super) async fn consume(settings: Settings, intake: Intake, shutdown: CancellationToken) {
    tracing::info!(queue = settings.queue, "reading from AMQP");
    let mut backoff = BACKOFF;
    while !shutdown.is_cancelled() {
        let connected = async {
            let session = Session::open(&settings).await?;
            backoff.reset();
            session.work(&intake, &shutdown).await
        };
        if let Err(error) = connected.await {
            tracing::warn!(%error, "the connection to AMQP is lost or cannot be made; trying again");
            shutdown.run_until_cancelled(wait(&mut backoff)).await;
        }
    }
}

/// One connection.
struct Session<'a> {
    settings: &'a Settings,
    connection: Connection,
    channel: Channel,
    consumer: Consumer,
}

impl<'a> Session<'a> {
    async fn open(settings: &'a Settings) -> lapin::Result<Self> {
        let properties = ConnectionProperties::default().with_connection_name("andon".into());
        let connection = Connection::connect(settings.url(), properties).await?;
        let channel = connection.create_channel().await?;
        topology::declare(&channel, settings).await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let consumer = channel
            .basic_consume(settings.queue.as_str().into(), "".into(), options, FieldTable::default())
            .await?;
        tracing::info!(queue = settings.queue, "connected to AMQP");
        Ok(Self { settings, connection, channel, consumer })
    }

    /// Until the token is cancelled, or something is wrong with the connection.
    async fn work(mut self, intake: &Intake, shutdown: &CancellationToken) -> lapin::Result<()> {
        while let Some(batch) = self.collect(shutdown).await? {
            if !self.settle(&batch, intake, shutdown).await? {
                break;
            }
            if let Some(last) = batch.last() {
                last.ack(BasicAckOptions { multiple: true }).await?;
            }
        }
        self.connection.close(200, "the server stops".into()).await
    }

    /// The next messages; none at the end.
    async fn collect(&mut self, shutdown: &CancellationToken) -> lapin::Result<Option<Vec<Delivery>>> {
        let Some(first) = shutdown.run_until_cancelled(self.consumer.next()).await.flatten() else {
            return if shutdown.is_cancelled() { Ok(None) } else { Err(ended()) };
        };
        let first = first?;
        let until = Instant::now() + LINGER;
        let mut bytes = first.data.len();
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH_MESSAGES && bytes < MAX_BATCH_BYTES {
            let Ok(next) = tokio::time::timeout_at(until, self.consumer.next()).await else { break };
            let next = next.ok_or_else(ended)??;
            bytes += next.data.len();
            batch.push(next);
        }
        Ok(Some(batch))
    }

    /// Stores a batch and writes its dead letters. Answers whether that was done; it is given up only when the server stops
    /// while messages are held, and with the connection.
    async fn settle(
        &self,
        batch: &[Delivery],
        intake: &Intake,
        shutdown: &CancellationToken,
    ) -> lapin::Result<bool> {
        let mut holds = intake.watch();
        let mut work = pin!(async {
            let refusals = intake.settle(batch).await;
            dead_letters::write(&self.channel, self.settings, batch, &refusals, intake).await
        });
        loop {
            let held = *holds.borrow_and_update();
            tokio::select! {
                biased;
                done = &mut work => return done.map(|()| true),
                _ = holds.changed() => {}
                () = shutdown.cancelled(), if held => return Ok(false),
            }
        }
    }
}

/// The broker ended the consumer, as when its queue is deleted.
fn ended() -> lapin::Error {
    std::io::Error::other("the broker ended the consumer").into()
}
