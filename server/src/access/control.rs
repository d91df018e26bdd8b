//! Lets people, devices and programs in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use domain::{
    access::Token,
    id::CredentialId,
    time::{DurationMs, TimestampMs},
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, MissedTickBehavior},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    AccessMode, LOOK_TIMEOUT, MAX_BLIND, POLL_INTERVAL,
    attempts::Attempts,
    denied::Denied,
    known::{self, Known, Standing},
    password::Passwords,
    written::Written,
};
use crate::{
    clock::Clock,
    store::{
        Result as StoreResult, Store,
        access::{Access, access_revision, credentials},
    },
};

/// The most credentials of which is kept what was found: past it, those that nobody uses at the moment are forgotten.
const MAX_KNOWN: usize = 20_000;
/// How long a session lasts that nobody uses (milliseconds).
const SESSION_IDLE_MS: DurationMs = DurationMs(2 * domain::MS_PER_HOUR);
/// The scheme by which a token is sent, in lower case.
const BEARER: &str = "bearer";

/// Who is let in, and who was.
pub struct AccessControl {
    pub(super) shared: Arc<Shared>,
    pub(super) passwords: Passwords,
    pub(super) attempts: Attempts,
    pub(super) written: Arc<Written>,
    _watching: Option<AbortOnDropHandle<()>>,
    _writing: AbortOnDropHandle<()>,
}

pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) clock: Clock,
    mode: AccessMode,
    /// How those stand who have no credential.
    anybody: watch::Sender<Standing>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The count of changes that all that is known follows.
    revision: i64,
    /// When that was last looked at; none before the first time.
    looked_at: Option<Instant>,
    known: HashMap<CredentialId, Found>,
    /// What is to be written down of when credentials were used.
    used: Vec<(CredentialId, TimestampMs)>,
}

/// What was found of a credential.
struct Found {
    known: Arc<Known>,
    /// The count of changes as of which it is true.
    revision: i64,
}

impl State {
    /// The credentials of which is not known how they stand as of a count of changes, but for those that were found by then.
    fn older(
        &self,
        revision: i64,
        found: &HashMap<CredentialId, Option<credentials::Credential>>,
    ) -> Vec<CredentialId> {
        let is_older = |(id, of): &(&CredentialId, &Found)| of.revision < revision && !found.contains_key(id);
        self.known.iter().filter(is_older).map(|(id, _)| *id).collect()
    }

    /// Whether what is known may still be true.
    fn is_recent(&self) -> bool {
        self.looked_at.is_some_and(|at| at.elapsed() < MAX_BLIND)
    }

    /// Tells everybody how they stand as of a count of changes, unless that is known as of a later one.
    fn take_in(&mut self, revision: i64, found: &HashMap<CredentialId, Option<credentials::Credential>>) {
        if revision < self.revision {
            return;
        }
        self.revision = revision;
        // What was read as of this or a later one may not be in the snapshot that was looked at.
        for (id, of) in self.known.iter_mut().filter(|(_, of)| of.revision < revision) {
            let credential = found.get(id).and_then(Option::as_ref);
            of.known.set(credential.map_or(Standing::Denied(Denied::NotValid), Into::into));
            of.revision = revision;
        }
    }
}

impl AccessControl {
    /// Begins to watch who may do what. `changed` tells of changes that this process or another server made. Must be called
    /// within a tokio runtime.
    pub fn start(store: Store, clock: Clock, mode: AccessMode, changed: Arc<Notify>) -> Self {
        let anybody = match mode {
            AccessMode::Open => Standing::Valid(Access::OPEN, TimestampMs::MAX),
            AccessMode::Required => Standing::Denied(Denied::NoCredential),
            AccessMode::OpenUntilFirstPrincipal => Standing::Denied(Denied::Unknown),
        };
        let anybody = watch::Sender::new(anybody);
        let shared = Arc::new(Shared { store, clock, mode, anybody, state: Mutex::default() });
        let watching = (mode != AccessMode::Open)
            .then(|| AbortOnDropHandle::new(tokio::spawn(Shared::watch(Arc::downgrade(&shared), changed))));
        let written = Arc::<Written>::default();
        let writing = written.clone().keep_writing(Arc::downgrade(&shared));
        Self {
            shared,
            passwords: Passwords::default(),
            attempts: Attempts::default(),
            written,
            _watching: watching,
            _writing: AbortOnDropHandle::new(tokio::spawn(writing)),
        }
    }

    /// Lets somebody in as [`Self::authenticate`] does, if that needs no look at the database; none where it does, and where they
    /// are not let in.
    pub fn recognise(&self, authorization: Option<&[u8]>) -> Option<watch::Receiver<Standing>> {
        let shared = &self.shared;
        let anybody = shared.anybody.subscribe();
        if anybody.borrow().access(shared.clock.now_ms()).is_ok() {
            return Some(anybody);
        }
        shared.recognise(&token(authorization?).ok()?)
    }

    /// Lets somebody in who sends this in the header `Authorization`, or nothing. The receiver tells how they stand, then and
    /// from then on.
    ///
    /// # Errors
    /// They are not let in.
    pub async fn authenticate(
        &self,
        authorization: Option<&[u8]>,
    ) -> Result<watch::Receiver<Standing>, Denied> {
        let shared = &self.shared;
        if shared.mode == AccessMode::Open {
            return Ok(shared.anybody.subscribe());
        }
        shared.look_for_the_first_time().await;
        let anybody = shared.anybody.subscribe();
        let open = anybody.borrow().access(shared.clock.now_ms()).map(drop);
        match (open, authorization) {
            (Ok(()), _) => Ok(anybody),
            (Err(_), Some(authorization)) => shared.authenticate(token(authorization)?).await,
            (Err(denied), None) => Err(denied),
        }
    }

    /// Whether everybody may do everything only because nobody said otherwise.
    pub fn is_open_by_default(&self) -> bool {
        self.shared.mode == AccessMode::OpenUntilFirstPrincipal && self.is_open()
    }

    /// Whether everybody may do everything.
    pub fn is_open(&self) -> bool {
        self.shared.anybody.borrow().access(TimestampMs::MIN).is_ok()
    }

    /// Takes in what has changed, so that it counts here when this returns. What cannot be read now is read as soon as it can.
    pub async fn take_in_changes(&self) {
        if self.shared.mode != AccessMode::Open {
            self.shared.look_once().await;
        }
    }
}

/// The token in a header.
fn token(authorization: &[u8]) -> Result<Token, Denied> {
    let text = str::from_utf8(authorization).map_err(|_| Denied::OtherScheme)?;
    let (scheme, token) = text.trim().split_once(' ').ok_or(Denied::OtherScheme)?;
    if !scheme.eq_ignore_ascii_case(BEARER) {
        return Err(Denied::OtherScheme);
    }
    Ok(Token::of_text(token.trim())?)
}

/// Whether a session that was last used then may still be used.
fn is_recent(last_used_ms: TimestampMs, now_ms: TimestampMs) -> bool {
    now_ms - last_used_ms < SESSION_IDLE_MS
}

/// Whether somebody has used a session lately, as far as is known here.
fn is_in_use_here(known: &Known, now_ms: TimestampMs) -> bool {
    is_recent(known.last_used_ms(), now_ms) || !known.is_idle()
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recognise(&self, token: &Token) -> Option<watch::Receiver<Standing>> {
        if !self.state().is_recent() {
            return None;
        }
        let known = self.known(token.id).filter(|known| known.is_of(&token.secret))?;
        let now_ms = self.clock.now_ms();
        if known.is_session() && !is_in_use_here(&known, now_ms) {
            return None;
        }
        self.let_in(token.id, &known, now_ms).ok()
    }

    async fn authenticate(&self, token: Token) -> Result<watch::Receiver<Standing>, Denied> {
        if !self.state().is_recent() {
            return Err(Denied::Unknown);
        }
        let known = match self.known(token.id) {
            Some(known) => known,
            None => self.read(token.id).await?.ok_or(Denied::NotValid)?,
        };
        // Only who has the secret is told more.
        if !known.is_of(&token.secret) {
            return Err(Denied::NotValid);
        }
        let now_ms = self.clock.now_ms();
        if known.is_session() && !self.is_in_use(token.id, &known, now_ms).await? {
            return Err(Denied::Expired);
        }
        self.let_in(token.id, &known, now_ms)
    }

    /// Lets in who has a known credential, if it is still valid, and takes note that it is used.
    fn let_in(
        &self,
        id: CredentialId,
        known: &Known,
        now_ms: TimestampMs,
    ) -> Result<watch::Receiver<Standing>, Denied> {
        let following = known.follow();
        let standing = following.borrow().access(now_ms).map(drop);
        standing?;
        if known.used(now_ms) {
            self.state().used.push((id, now_ms));
        }
        Ok(following)
    }

    /// Whether somebody has used a session lately: here, or at another server.
    async fn is_in_use(&self, id: CredentialId, known: &Known, now_ms: TimestampMs) -> Result<bool, Denied> {
        if is_in_use_here(known, now_ms) {
            return Ok(true);
        }
        let (_, credential) = self.read_once(id).await.map_err(|error| {
            tracing::warn!(%error, "a session cannot be read");
            Denied::Unknown
        })?;
        Ok(credential.is_some_and(|credential| is_recent(credential.last_used_ms(), now_ms)))
    }

    fn known(&self, id: CredentialId) -> Option<Arc<Known>> {
        self.state().known.get(&id).map(|of| of.known.clone())
    }

    /// Reads a credential, and keeps it unless something was changed meanwhile.
    async fn read(&self, id: CredentialId) -> Result<Option<Arc<Known>>, Denied> {
        loop {
            let (revision, credential) = self.read_once(id).await.map_err(|error| {
                tracing::warn!(%error, "a credential cannot be read");
                Denied::Unknown
            })?;
            let mut state = self.state();
            if revision < state.revision {
                continue;
            }
            let Some(credential) = credential else { return Ok(None) };
            if state.known.len() >= MAX_KNOWN {
                state.known.retain(|_, of| !of.known.is_idle());
            }
            // Another request may have read it meanwhile, whose standing is followed already.
            let read = || Found { known: Arc::new(Known::new(credential)), revision };
            return Ok(Some(state.known.entry(id).or_insert_with(read).known.clone()));
        }
    }

    async fn read_once(&self, id: CredentialId) -> StoreResult<(i64, Option<credentials::Credential>)> {
        let snapshot = self.store.snapshot_for_live().await?;
        let (revision, _) = access_revision(&snapshot).await?;
        Ok((revision, credentials::by_ids(&snapshot, &[id]).await?.remove(&id)))
    }

    /// Looks now and then, and when somebody says that something has changed, for as long as somebody else has the database.
    async fn watch(shared: Weak<Self>, changed: Arc<Notify>) {
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = changed.notified() => {}
            }
            let Some(shared) = shared.upgrade() else { return };
            shared.look_once().await;
            shared.write_down_used().await;
        }
    }

    async fn look_for_the_first_time(&self) {
        let has_looked = self.state().looked_at.is_some();
        if !has_looked {
            self.look_once().await;
        }
    }

    async fn look_once(&self) {
        let looked = tokio::time::timeout(LOOK_TIMEOUT, self.look()).await;
        if !matches!(looked, Ok(Ok(()))) {
            tracing::debug!(?looked, "it cannot be looked at who may do what");
            let mut state = self.state();
            if !state.is_recent() {
                for of in state.known.values_mut() {
                    of.known.set(Standing::Denied(Denied::Unknown));
                    // It is read anew, whether or not anything has changed.
                    of.revision = i64::MIN;
                }
                self.set_anybody(Standing::Denied(Denied::Unknown));
            }
        }
    }

    /// Looks whether something has changed, and tells those whom it is about.
    async fn look(&self) -> StoreResult<()> {
        // After a while in which nobody could look, all are told again how they stand.
        let before = {
            let state = self.state();
            state.is_recent().then_some(state.revision)
        };
        let snapshot = self.store.snapshot_for_live().await?;
        let (revision, has_principals) = access_revision(&snapshot).await?;
        let mut found = HashMap::new();
        while before != Some(revision) {
            let missing = {
                let mut state = self.state();
                // Others may have read more meanwhile.
                let missing = state.older(revision, &found);
                if missing.is_empty() {
                    state.take_in(revision, &found);
                    break;
                }
                missing
            };
            let read = credentials::by_ids(&snapshot, &missing).await?;
            found.extend(missing.into_iter().map(|id| (id, None)));
            found.extend(read.into_iter().map(|(id, credential)| (id, Some(credential))));
        }
        self.state().looked_at = Some(Instant::now());
        match self.mode {
            AccessMode::OpenUntilFirstPrincipal if !has_principals => {
                self.set_anybody(Standing::Valid(Access::OPEN, TimestampMs::MAX));
            }
            AccessMode::OpenUntilFirstPrincipal | AccessMode::Required => {
                self.set_anybody(Standing::Denied(Denied::NoCredential));
            }
            AccessMode::Open => {}
        }
        Ok(())
    }

    fn set_anybody(&self, standing: Standing) {
        known::tell(&self.anybody, standing);
    }

    async fn write_down_used(&self) {
        let used = std::mem::take(&mut self.state().used);
        if !used.is_empty()
            && let Err(error) = self.store.keep_last_used(&used).await
        {
            tracing::debug!(%error, "it cannot be written down when tokens were used");
            self.state().used.extend(used);
        }
    }
}
