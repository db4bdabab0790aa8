//! Files that a merchant brings as evidence: first an id and an address, then the bytes are put there.

use serde::{Deserialize, Serialize};

use crate::domain::{Millis, random_hex};
use crate::sandbox::ledger::{Ledger, ids};

/// How long the address of an upload is good for. Ours: an hour.
const UPLOAD_MS: i64 = 60 * 60 * 1000;

/// The body of Create File.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRequest {
    /// Such as `jpg`.
    pub file_type: String,
    /// What it is for.
    pub purpose: String,
}

/// A file, or the place for one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredFile {
    /// A UUID.
    pub id: String,
    /// Whose.
    pub merchant_id: String,
    /// Such as `jpg`.
    pub file_type: String,
    /// What it is for.
    pub purpose: String,
    /// Part of the address, so that nobody else finds it.
    pub secret: String,
    /// Bytes, once they came. The bytes themselves are not kept: nobody reads them here.
    pub size: Option<u64>,
    /// When they came.
    pub uploaded: Option<Millis>,
    /// Until when they may come.
    pub expires: Millis,
}

impl Ledger {
    /// Makes a place for a file.
    pub fn create_file(&mut self, merchant_id: &str, request: FileRequest) -> StoredFile {
        let file = StoredFile {
            id: self.unused(|ledger| ids::session_id(&*ledger.rng), |ledger, id| ledger.files.contains_key(id)),
            merchant_id: merchant_id.to_owned(),
            file_type: request.file_type,
            purpose: request.purpose,
            secret: random_hex::<16>(&*self.rng),
            size: None,
            uploaded: None,
            expires: self.now.plus(UPLOAD_MS),
        };
        self.files.insert(file.id.clone(), file.clone());
        file
    }

    /// The bytes came. `None` where there is no such place, or its time is over.
    pub fn receive_file(&mut self, id: &str, secret: &str, size: u64) -> Option<()> {
        let now = self.now;
        let file = self.files.get_mut(id).filter(|file| file.secret == secret && now <= file.expires)?;
        file.size = Some(size);
        file.uploaded = Some(now);
        Some(())
    }

    /// Where the bytes are put.
    pub fn upload_url(&self, file: &StoredFile) -> String {
        format!("{}/files/{}?secret={}", self.base_url, file.id, file.secret)
    }
}
