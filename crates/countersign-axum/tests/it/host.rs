use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use countersign::{Epoch, History, SecondFactorProof, store::UserId};
use countersign_axum::{Caller, Host, Problem, Reply, Requester};
use http::request::Parts;
use serde_json::json;

pub(crate) const PASSWORD: &str = "a quiet sentence";

/// A host of one user, whose sessions are named in the header `x-session`.
#[derive(Debug, Default)]
pub(crate) struct TestHost(Mutex<Rooms>);

#[derive(Debug, Default)]
pub(crate) struct Rooms {
    pub(crate) sessions: HashMap<String, Caller>,
    pub(crate) enrolled: bool,
    /// Every call fails, as if the host's database were gone.
    pub(crate) down: bool,
    begun: usize,
}

impl TestHost {
    pub(crate) fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.0.lock().unwrap()
    }

    /// Somebody signed in with the password alone.
    pub(crate) fn password_session(&self, user: &UserId) -> String {
        self.rooms().begin(user, Epoch::default(), None)
    }

    fn up(&self) -> Result<MutexGuard<'_, Rooms>, Problem> {
        let rooms = self.rooms();
        if rooms.down { Err(Problem::unavailable()) } else { Ok(rooms) }
    }
}

impl Rooms {
    fn begin(&mut self, user: &UserId, epoch: Epoch, at: Option<countersign::clock::Timestamp>) -> String {
        self.begun += 1;
        let session = format!("session-{}", self.begun);
        let caller = Caller { user: user.clone(), session: session.clone(), epoch, second_factor_at: at };
        self.sessions.insert(session.clone(), caller);
        session
    }
}

#[async_trait]
impl Host for TestHost {
    async fn caller(&self, parts: &Parts) -> Result<Option<Caller>, Problem> {
        let rooms = self.up()?;
        let name = parts.headers.get("x-session").and_then(|name| name.to_str().ok());
        Ok(name.and_then(|name| rooms.sessions.get(name).cloned()))
    }

    async fn check_password(&self, _: &Caller, password: &str, _: &Requester) -> Result<(), Problem> {
        drop(self.up()?);
        if password == PASSWORD { Ok(()) } else { Err(Problem::invalid_credentials()) }
    }

    async fn account_label(&self, _: &UserId) -> Result<String, Problem> {
        drop(self.up()?);
        Ok("ada@example.com".to_owned())
    }

    async fn history(&self, _: &UserId) -> Result<History, Problem> {
        Ok(if self.up()?.enrolled { History::Enrolled } else { History::Never })
    }

    async fn remember_enrolled(&self, _: &UserId) -> Result<(), Problem> {
        self.up()?.enrolled = true;
        Ok(())
    }

    async fn begin_session(
        &self,
        proof: SecondFactorProof,
        replaces: Option<&Caller>,
        _: &Requester,
    ) -> Result<Reply, Problem> {
        let mut rooms = self.up()?;
        if let Some(caller) = replaces {
            rooms.sessions.remove(&caller.session);
        }
        let session = rooms.begin(proof.user(), proof.epoch(), Some(proof.at()));
        Reply::default().members(&json!({ "session": session }))
    }

    async fn raise_session(&self, caller: &Caller, proof: SecondFactorProof) -> Result<Reply, Problem> {
        self.up()?.sessions.get_mut(&caller.session).unwrap().second_factor_at = Some(proof.at());
        Ok(Reply::default())
    }

    async fn end_other_sessions(&self, caller: &Caller, epoch: Epoch) -> Result<(), Problem> {
        let mut rooms = self.up()?;
        rooms.sessions.retain(|name, _| *name == caller.session);
        rooms.sessions.get_mut(&caller.session).unwrap().epoch = epoch;
        Ok(())
    }
}
