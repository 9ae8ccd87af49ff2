//! One run: accepts mails ahead, has them fetched, hands them over one at a time, and writes down what became of each.
//!
//! The order of writes is what makes a kill harmless at any point: begun → handler → returned → moved → closed. The commit that says
//! "returned" for one mail also says "closed" for those before it and "begun" for the next, where that one lies ready.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::base::clock::UtcInstant;
use crate::base::failure::{Error, Result};
use crate::base::log::Level;
use crate::base::problem::Problem;
use crate::base::random::Random;
use crate::graph::value::Message;
use crate::service::context::Context;
use crate::service::import::attempt::{self, Source};
use crate::service::import::download::{Fetched, Order, Parts};
use crate::service::import::inbox::Inbox;
use crate::service::import::lease::KeptLease;
use crate::service::import::ledger::Ledger;
use crate::service::import::plan::Plan;
use crate::service::import::pool::{Done, Move, Moved, Pool};
use crate::service::import::{
    Disposition, Handled, ImportHost, ImportOptions, ImportOutcome, ImportReport, ImportResult, IncomingMessage,
};
use crate::store::record::{Destination, Receipt, ReceiptState};

/// How many mails are accepted ahead of their handler.
const WINDOW: usize = 64;

/// How many of them are fetched ahead: enough to list the attachments of a full stretch while those of another are fetched.
const AHEAD: usize = 40;

/// So many mails that can not be downloaded are the mails' own trouble even where no other came; with more, nobody knows.
const FEW: usize = 4;

/// Whether the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Go,
    /// The host wants no more.
    Stop,
    /// So many failures in a row that the host itself must be in trouble.
    Outage,
}

/// A mail on its way, in the order of the inbox.
struct Slot {
    number: u64,
    message: Message,
    /// What is known of it; its key is its own from here on.
    receipt: Receipt,
    /// Whether that receipt is in the store.
    stored: bool,
    way: Way,
}

/// What was decided about a mail before any download.
enum Way {
    /// It stays: too early.
    Early(UtcInstant),
    /// The host decided.
    Filtered(Disposition),
    /// It is fetched and handed over.
    Import,
}

/// One run.
pub struct Run<'a> {
    pub(super) context: &'a Context,
    options: &'a ImportOptions,
    host: &'a mut dyn ImportHost,
    pub(super) plan: Plan,
    /// Dropped before the lease: what its threads still move is moved under the lease.
    pool: Pool,
    lease: KeptLease,
    pub(super) ledger: Ledger,
    /// What lies in the inbox and is still to be looked at, oldest first.
    pub(super) inbox: Inbox,
    window: VecDeque<Slot>,
    number: u64,
    fetched: HashMap<u64, Result<Fetched>>,
    /// Mails that only had to be moved, for an earlier run has handed them over.
    pub(super) settled: HashSet<String>,
    /// Whether all receipts of mails that are not in the inbox any more were looked for.
    pub(super) closed_missing: bool,
    /// Mails being moved, with the receipt that a confirmation closes.
    pub(super) moving: HashMap<String, Option<Receipt>>,
    /// The receipt that was begun ahead of its turn.
    begun: Option<Receipt>,
    /// Handler failures in a row: they count once something else follows.
    row: Vec<Receipt>,
    /// Mails that Graph could not deliver; they count once another one came.
    undelivered: Vec<Receipt>,
    delivered: u64,
    handed: u64,
    pub(super) known: u64,
    report: ImportReport,
}

impl<'a> Run<'a> {
    /// A run over what lies in `inbox`.
    pub fn new(
        context: &'a Context,
        options: &'a ImportOptions,
        host: &'a mut dyn ImportHost,
        parts: (Plan, KeptLease, Pool, Ledger),
        inbox: Inbox,
    ) -> Self {
        let (plan, lease, pool, ledger) = parts;
        Self {
            context,
            options,
            host,
            plan,
            lease,
            pool,
            ledger,
            known: inbox.total(),
            inbox,
            settled: HashSet::new(),
            closed_missing: false,
            window: VecDeque::new(),
            number: 0,
            fetched: HashMap::new(),
            moving: HashMap::new(),
            begun: None,
            row: Vec::new(),
            undelivered: Vec::new(),
            delivered: 0,
            handed: 0,
            report: ImportReport::default(),
        }
    }

    /// Runs to its end. What is done is in the store, also when this is an error.
    pub fn run(mut self) -> Result<ImportReport> {
        let went = self.recover().and_then(|()| self.walk());
        let ended = self.end(&went);
        self.forget_fetched();
        went?;
        ended?;
        Ok(self.report)
    }

    pub(super) fn now(&self) -> UtcInstant {
        self.context.clock.now()
    }

    fn walk(&mut self) -> Result<Flow> {
        loop {
            self.context.cancel.check()?;
            while let Some(done) = self.pool.poll() {
                self.take(done)?;
            }
            if self.limit_reached() {
                return Ok(Flow::Go);
            }
            if self.fill()? == Flow::Stop {
                return Ok(Flow::Stop);
            }
            let Some(slot) = self.window.pop_front() else {
                return Ok(Flow::Go);
            };
            let flow = match slot.way {
                Way::Early(time) => {
                    let reason = format!("not before {}", time.to_rfc3339());
                    self.tell(slot, ImportOutcome::Left, Some(reason))
                }
                Way::Filtered(disposition) => self.filtered(slot, disposition)?,
                Way::Import => self.import(slot)?,
            };
            if flow != Flow::Go {
                return Ok(flow);
            }
        }
    }

    fn limit_reached(&self) -> bool {
        self.options.limit.is_some_and(|limit| self.handed >= limit)
    }

    /// Decides about mails ahead, and has those fetched that are to be handed over.
    fn fill(&mut self) -> Result<Flow> {
        loop {
            let fetching = self
                .window
                .iter()
                .filter(|slot| matches!(slot.way, Way::Import))
                .count();
            let wanted = self.handed.saturating_add(u64::try_from(fetching).unwrap_or(u64::MAX));
            let enough = self.options.limit.is_some_and(|limit| wanted >= limit);
            if enough || fetching >= AHEAD || self.window.len() >= WINDOW {
                return Ok(Flow::Go);
            }
            let Some(message) = self.inbox.take()? else {
                if !std::mem::replace(&mut self.closed_missing, true) {
                    self.close_missing(usize::MAX)?;
                }
                return Ok(Flow::Go);
            };
            if self.settled.contains(&message.id) {
                continue;
            }
            let open = self.ledger.take(&message.id);
            // Dragged here from another inbox folder after its handler returned there: only its move is missing.
            if let Some(receipt) = open.as_ref().filter(|receipt| receipt.state == ReceiptState::Returned) {
                self.relocate(
                    &message.id,
                    receipt.destination.unwrap_or(Destination::Processed),
                    open.clone(),
                );
                self.known = self.known.saturating_sub(1);
                continue;
            }
            let now = self.now();
            let early = open
                .as_ref()
                .and_then(|receipt| receipt.not_before)
                .filter(|time| *time > now);
            let way = match early {
                Some(time) => Way::Early(time),
                None => match self.host.accept(&message) {
                    None => return Ok(Flow::Stop),
                    Some(Disposition::Import) => Way::Import,
                    Some(other) => Way::Filtered(other),
                },
            };
            let stored = open.is_some();
            let receipt = match open {
                Some(receipt) => receipt,
                None => self.new_receipt(&message, now)?,
            };
            let slot = Slot {
                number: self.number,
                message,
                receipt,
                stored,
                way,
            };
            self.number += 1;
            if matches!(slot.way, Way::Import) {
                self.pool.fetch(Order {
                    number: slot.number,
                    message: slot.message.id.clone(),
                    received_at: slot.message.received_at,
                    inbox: self.plan.inbox.clone(),
                    import_key: slot.receipt.import_key.clone(),
                    require_attachments: self.options.require_attachments,
                    body: self.options.body,
                    max_bytes: self.options.max_bytes,
                });
            }
            self.window.push_back(slot);
        }
    }

    fn new_receipt(&self, message: &Message, now: UtcInstant) -> Result<Receipt> {
        let source = Source {
            mailbox: &self.plan.mailbox,
            folder: &self.plan.inbox,
            message: &message.id,
        };
        Ok(attempt::new(&source, &new_key(self.context.random.as_ref(), now)?, now))
    }

    /// What `$accept` decided.
    fn filtered(&mut self, slot: Slot, disposition: Disposition) -> Result<Flow> {
        let destination = match disposition {
            Disposition::Processed => Some(Destination::Processed),
            Disposition::Error => Some(Destination::Error),
            Disposition::Import | Disposition::Leave => None,
        };
        match destination {
            Some(destination) => self.dispose(&slot, destination)?,
            None => self.report.left += 1,
        }
        Ok(self.tell(slot, ImportOutcome::Filtered, None))
    }

    /// Moves a mail that is not handed over. It needs no receipt: killed before the move, the next run decides the same.
    fn dispose(&mut self, slot: &Slot, destination: Destination) -> Result<()> {
        self.keep_lease()?;
        self.relocate(&slot.message.id, destination, slot.stored.then(|| slot.receipt.clone()));
        Ok(())
    }

    /// Waits for a mail to be fetched and hands it over.
    fn import(&mut self, slot: Slot) -> Result<Flow> {
        self.pool.disk().advance(slot.number);
        let fetched = loop {
            if let Some(fetched) = self.fetched.remove(&slot.number) {
                break fetched?;
            }
            let Some(done) = self.pool.wait(&self.context.cancel) else {
                self.context.cancel.check()?;
                continue;
            };
            self.take(done)?;
        };
        let now = self.now();
        match fetched {
            Fetched::Ready(parts) => {
                self.delivered += 1;
                self.hand_over(slot, &parts)
            }
            Fetched::NoAttachment => {
                self.dispose(&slot, Destination::Error)?;
                Ok(self.tell(slot, ImportOutcome::Rejected, Some("no attachment".to_owned())))
            }
            Fetched::TooLarge(limit) => {
                self.dispose(&slot, Destination::Error)?;
                Ok(self.tell(
                    slot,
                    ImportOutcome::Rejected,
                    Some(format!("larger than {limit} bytes")),
                ))
            }
            Fetched::Gone => {
                if slot.stored {
                    self.ledger.keep_back(attempt::closed(&slot.receipt, now));
                }
                Ok(self.tell(slot, ImportOutcome::Left, Some("no longer in the inbox".to_owned())))
            }
            Fetched::Undeliverable(failure) => {
                self.context.log.event(
                    Level::Warning,
                    "a mail can not be downloaded",
                    &[
                        ("code", &failure.problem.code),
                        ("runs_before", &slot.receipt.undeliverable),
                    ],
                );
                self.undelivered.push(slot.receipt.clone());
                Ok(self.tell(slot, ImportOutcome::Failed, Some(failure.problem.message())))
            }
        }
    }

    fn hand_over(&mut self, slot: Slot, parts: &Parts) -> Result<Flow> {
        if let Err(lost) = self.keep_lease() {
            self.let_go(parts, false);
            return Err(lost);
        }
        let begun = match self.begun.take() {
            Some(begun) if begun.message == slot.message.id => begun,
            _ => {
                let begun = attempt::begun(&slot.receipt, self.now());
                if let Err(error) = self.ledger.commit(std::slice::from_ref(&begun)) {
                    self.let_go(parts, false);
                    return Err(error);
                }
                begun
            }
        };
        let mail = IncomingMessage {
            message: slot.message.clone(),
            mime_path: parts.mime.path.clone(),
            attachments: parts.attachments.clone(),
            import_key: begun.import_key.clone(),
            attempt: begun.attempt,
            body: parts.body.clone(),
        };
        self.report.bytes = self.report.bytes.saturating_add(parts.bytes);
        self.handed += 1;
        let handled = self.host.handle(&mail);
        self.let_go(parts, matches!(handled, Handled::Imported));
        let now = self.now();
        match handled {
            Handled::Imported => {
                self.returned(&begun, Destination::Processed, now)?;
                Ok(self.tell(slot, ImportOutcome::Imported, None))
            }
            Handled::Rejected(reason) => {
                self.returned(&begun, Destination::Error, now)?;
                Ok(self.tell(slot, ImportOutcome::Rejected, Some(reason)))
            }
            Handled::Left { reason, not_before } => {
                let left = attempt::left(&begun, not_before, now);
                // Begun or left, it comes again just the same; only a time has to be remembered.
                if not_before.is_none() && self.row.is_empty() && self.ready_next().is_none() {
                    self.ledger.keep_back(left);
                } else {
                    self.write_down(left, now)?;
                }
                Ok(self.tell(
                    slot,
                    ImportOutcome::Left,
                    Some(reason).filter(|reason| !reason.is_empty()),
                ))
            }
            Handled::Failed(reason) => {
                self.row.push(begun);
                let outage = self.row.len() >= usize::try_from(self.options.max_failures).unwrap_or(usize::MAX);
                let flow = self.tell(slot, ImportOutcome::Failed, Some(reason));
                Ok(if outage { Flow::Outage } else { flow })
            }
            Handled::Stop => {
                // Whether the handler had done its work by then is not known, so this attempt stays one.
                let mut receipts = self.settled_row(now);
                receipts.push(attempt::left(&begun, None, now));
                self.commit(&receipts)?;
                Ok(Flow::Stop)
            }
        }
    }

    /// Writes down that a handler is done with its mail, and has the mail moved.
    fn returned(&mut self, begun: &Receipt, destination: Destination, now: UtcInstant) -> Result<()> {
        let returned = attempt::returned(begun, destination, now);
        self.write_down(returned.clone(), now)?;
        self.relocate(&begun.message, destination, Some(returned));
        Ok(())
    }

    /// Writes down what a handler made of its mail, and that the next is begun, in one commit.
    fn write_down(&mut self, receipt: Receipt, now: UtcInstant) -> Result<()> {
        let mut receipts = self.settled_row(now);
        receipts.push(receipt);
        let next = self.ready_next().map(|receipt| attempt::begun(receipt, now));
        receipts.extend(next.clone());
        self.commit(&receipts)?;
        self.begun = next;
        Ok(())
    }

    /// The mail that is certain to be handed over next, if it lies ready.
    fn ready_next(&self) -> Option<&Receipt> {
        let next = self.window.front()?;
        let ready = matches!(self.fetched.get(&next.number), Some(Ok(Fetched::Ready(_))));
        (ready && !self.limit_reached() && !self.lease.is_lost()).then_some(&next.receipt)
    }

    /// What becomes of the failures in a row, now that they count.
    fn settled_row(&mut self, now: UtcInstant) -> Vec<Receipt> {
        self.row.drain(..).map(|begun| attempt::failed(&begun, now)).collect()
    }

    /// Commits receipts and moves the mails of those that failed too often.
    fn commit(&mut self, receipts: &[Receipt]) -> Result<()> {
        self.ledger.commit(receipts)?;
        for receipt in receipts {
            let failed = receipt.failures >= attempt::FAILURES || receipt.undeliverable >= attempt::FAILURES;
            if receipt.state == ReceiptState::Returned
                && failed
                && receipt.destination == Some(Destination::Error)
                && !self.moving.contains_key(&receipt.message)
            {
                self.relocate(&receipt.message, Destination::Error, Some(receipt.clone()));
            }
        }
        Ok(())
    }

    /// Removes what was downloaded, unless it is the host's now.
    fn let_go(&self, parts: &Parts, taken: bool) {
        if taken {
            self.pool.spool().hand_over(&parts.folder);
        } else {
            self.pool.spool().remove(&parts.folder);
        }
        self.pool.disk().give_back(parts.bytes);
    }

    /// Removes what was fetched ahead of an end that came early: in a folder of the host's nobody else would.
    fn forget_fetched(&mut self) {
        for fetched in std::mem::take(&mut self.fetched).into_values() {
            if let Ok(Fetched::Ready(parts)) = fetched {
                self.let_go(&parts, false);
            }
        }
    }

    pub(super) fn relocate(&mut self, message: &str, destination: Destination, receipt: Option<Receipt>) {
        if self.moving.insert(message.to_owned(), receipt).is_none() {
            self.pool.relocate(Move {
                message: message.to_owned(),
                folder: self.plan.folder_of(destination).to_owned(),
            });
        }
    }

    /// Takes in what a thread did.
    fn take(&mut self, done: Done) -> Result<()> {
        match done {
            Done::Fetched(number, fetched) => {
                self.fetched.insert(number, fetched);
            }
            Done::Moved(message, moved) => {
                let receipt = self.moving.remove(&message).flatten();
                match moved? {
                    Moved::There => {
                        if let Some(receipt) = receipt {
                            let now = self.now();
                            self.ledger.keep_back(attempt::closed(&receipt, now));
                        }
                    }
                    Moved::Stuck(failure) => self.context.log.event(
                        Level::Warning,
                        "a mail can not be moved",
                        &[("code", &failure.problem.code)],
                    ),
                }
            }
            Done::Panicked(_) => {}
        }
        Ok(())
    }

    /// Nothing is handed over or moved under a lease that somebody else may have taken.
    fn keep_lease(&self) -> Result<()> {
        if self.lease.is_lost() {
            return Err(Problem::own("import_lease_lost", self.now()).into());
        }
        Ok(())
    }

    /// Counts a result and tells the host.
    fn tell(&mut self, slot: Slot, outcome: ImportOutcome, reason: Option<String>) -> Flow {
        match outcome {
            ImportOutcome::Imported => self.report.imported += 1,
            ImportOutcome::Rejected => self.report.rejected += 1,
            ImportOutcome::Left => self.report.left += 1,
            ImportOutcome::Failed => self.report.failed += 1,
            ImportOutcome::Filtered => {}
        }
        let result = ImportResult {
            message: slot.message,
            outcome,
            reason,
            import_key: slot.receipt.import_key,
        };
        let done = u64::try_from(self.report.results.len())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        self.known = self.known.max(done);
        let on = self.host.progress(done, self.known, &result);
        self.report.results.push(result);
        if on { Flow::Go } else { Flow::Stop }
    }

    /// Settles what is open, however the run ended: counts failures or not, waits for moves, and writes the last receipts.
    fn end(&mut self, went: &Result<Flow>) -> Result<()> {
        self.pool.stop_fetching();
        for fetched in std::mem::take(&mut self.fetched).into_values() {
            if let Ok(Fetched::Ready(parts)) = fetched {
                self.let_go(&parts, false);
            }
        }
        if went.as_ref().is_err_and(hinders_moves) {
            // The next run moves them.
            for order in self.pool.forget_moves() {
                self.moving.remove(&order.message);
            }
        }
        let now = self.now();
        let mut receipts: Vec<Receipt> = Vec::new();
        if let Some(begun) = self.begun.take() {
            receipts.push(attempt::not_attempted(&begun, now));
        }
        if matches!(went, Ok(Flow::Outage)) {
            receipts.extend(self.row.drain(..).map(|begun| attempt::not_attempted(&begun, now)));
        } else {
            receipts.extend(self.settled_row(now));
        }
        // When many did not come and nothing else did, it is not these mails' fault.
        if went.is_ok() && (self.delivered > 0 || self.undelivered.len() <= FEW) {
            receipts.extend(
                self.undelivered
                    .drain(..)
                    .map(|receipt| attempt::undeliverable(&receipt, now)),
            );
        }
        // Somebody else may be at work on these mails by now: what they find must be theirs.
        if self.lease.is_lost() {
            return Ok(());
        }
        let mut ended = self.commit(&receipts);
        while !self.moving.is_empty() {
            match self.pool.wait(&self.context.cancel) {
                Some(done) => {
                    if let Err(error) = self.take(done) {
                        ended = ended.and(Err(error));
                    }
                }
                None => break,
            }
        }
        ended.and(self.ledger.commit(&[]))
    }
}

/// Whether what ended a run would break moves, too. They take no place on the disk; were they left to the next run, that would end at
/// the same mail before they are made, and the one after it.
fn hinders_moves(error: &Error) -> bool {
    !matches!(error, Error::Failure(failure) if failure.problem.code == "import_disk_failed")
}

/// A new import key: 128 random bits in hex, which is a folder's name, too.
pub(super) fn new_key(random: &dyn Random, now: UtcInstant) -> Result<String> {
    let bytes: [u8; 16] = random.bytes().map_err(|_| Problem::own("random_unavailable", now))?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut key, byte| {
        key.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        key.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        key
    }))
}
