//! For tests: a key pair in a directory of its own, and signatures, all made by the OpenSSL command line.

use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(in crate::sandbox) struct OpensslKey {
    directory: tempfile::TempDir,
}

impl OpensslKey {
    pub(in crate::sandbox) fn generate() -> Self {
        Self::generate_bits(2048)
    }

    pub(in crate::sandbox) fn generate_bits(bits: u32) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let bits = format!("rsa_keygen_bits:{bits}");
        openssl(directory.path(), &["genpkey", "-algorithm", "RSA", "-pkeyopt", &bits, "-out", "key.pem"]);
        openssl(directory.path(), &["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
        Self { directory }
    }

    pub(in crate::sandbox) fn public_pem(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("public.pem")).expect("the public key")
    }

    /// Base64 of the RSASSA-PSS signature over `text` with SHA-256 and a salt of `salt_bytes`.
    pub(in crate::sandbox) fn sign(&self, text: &str, salt_bytes: usize) -> String {
        let path = self.directory.path();
        std::fs::write(path.join("text"), text).expect("written");
        let salt = format!("rsa_pss_saltlen:{salt_bytes}");
        let mut arguments = vec!["dgst", "-sha256", "-sign", "key.pem", "-sigopt", "rsa_padding_mode:pss"];
        arguments.extend(["-sigopt", &salt, "-out", "signature", "text"]);
        openssl(path, &arguments);
        STANDARD.encode(std::fs::read(path.join("signature")).expect("the signature"))
    }
}

fn openssl(directory: &Path, arguments: &[&str]) {
    let status = Command::new("openssl").args(arguments).current_dir(directory).stderr(Stdio::null()).status();
    assert!(status.expect("openssl is installed").success(), "openssl {arguments:?}");
}
