//! The receipts of one import, written in as few durable commits as the promises allow.
//!
//! That a handler returned must be durable before anything else happens; that a move was confirmed may wait, for the next run would
//! only look it up again. So confirmations are kept back and go along with the next commit.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::failure::Result;
use crate::store::Store;
use crate::store::record::Receipt;

/// The receipts of one import.
pub struct Ledger {
    store: Arc<dyn Store>,
    folder: String,
    /// The receipts that were open at the beginning, by message.
    open: HashMap<String, Receipt>,
    /// Written with the next commit.
    kept_back: Vec<Receipt>,
}

impl Ledger {
    /// The receipts of a mailbox, for an import of the inbox folder `folder`.
    pub fn open(store: &Arc<dyn Store>, mailbox: &str, folder: &str) -> Result<Self> {
        let open = store.open_receipts(mailbox)?.into_iter();
        Ok(Self {
            store: Arc::clone(store),
            folder: folder.to_owned(),
            open: open.map(|receipt| (receipt.message.clone(), receipt)).collect(),
            kept_back: Vec::new(),
        })
    }

    /// What imports of this folder left open. Mails taken from another folder are left alone: its import may be running.
    pub fn of_this_folder(&self) -> impl Iterator<Item = &Receipt> {
        self.open.values().filter(|receipt| receipt.folder == self.folder)
    }

    /// Takes a message's open receipt out, whichever folder it was in then.
    pub fn take(&mut self, message: &str) -> Option<Receipt> {
        let receipt = self.open.remove(message)?;
        Some(Receipt {
            folder: self.folder.clone(),
            ..receipt
        })
    }

    /// Writes receipts, and those kept back, in one durable commit.
    pub fn commit(&mut self, receipts: &[Receipt]) -> Result<()> {
        let mut all = self.kept_back.clone();
        all.extend_from_slice(receipts);
        if !all.is_empty() {
            self.store.write_receipts(&all)?;
        }
        self.kept_back.clear();
        Ok(())
    }

    /// Has a receipt written with the next commit.
    pub fn keep_back(&mut self, receipt: Receipt) {
        self.kept_back.push(receipt);
    }
}
