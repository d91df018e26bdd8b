//! A query that is asked once, for what no component shows as it comes: a file, or a list that was just changed.

use crate::api::client::{Client, Outcome, no_update, read, request};
use crate::api::operation::Shows;
use crate::api::session::{OperationType, Request};
use futures_channel::oneshot;
use std::cell::RefCell;
use std::rc::Rc;

/// What is to be shown of the answer, or a sentence on why there is none; nothing where the page was left before. Where the
/// connection is lost, it is asked again once there is another one.
pub(crate) async fn ask_once<O: Shows>(
    client: Client,
    variables: O::Variables,
) -> Option<Result<O::Shown, String>> {
    let body = match request::<O>(variables) {
        Ok(body) => body,
        Err(error) => return Some(Err(error.0)),
    };
    let (sender, answer) = oneshot::channel();
    let sender = RefCell::new(Some(sender));
    let key = client.new_key();
    let handler = move |outcome: Outcome<'_>| {
        let shown = match outcome {
            Outcome::Answered(data, arrival) => Ok(O::show(None, read::<O::ResponseData>(data)?, arrival)),
            Outcome::Refused(reason) => Err(reason),
        };
        if let Some(sender) = sender.take() {
            // Whoever asked may have left.
            _ = sender.send(shown);
        }
        Ok(no_update())
    };
    let request = Request { operation_type: OperationType::Query, body };
    client.begin(key, request, Rc::new(handler));
    let shown = answer.await;
    client.end(key);
    shown.ok()
}
