use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

/// A request's body that tells whether its sender is being waited for.
#[derive(Debug)]
pub(crate) struct Arriving {
    body: Body,
    awaited: Awaited,
}

/// Whether the sender of a body is being waited for: somebody has asked for more of it, and it is not there yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Awaited(Arc<AtomicBool>);

impl Arriving {
    /// Watches a body.
    pub(crate) fn new(body: Body) -> (Self, Awaited) {
        let awaited = Awaited::default();
        (Self { body, awaited: awaited.clone() }, awaited)
    }
}

impl Awaited {
    /// Whether that is so now.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.awaited.0.store(polled.is_pending(), Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
