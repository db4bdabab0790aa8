//! How the secrets that `shops.toml` names are read.

use super::*;

/// A directory with these files in it, readable by their owner alone.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    directory
}

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n";

fn load(text: &str, directory: &Path) -> Result<ShopSettings, String> {
    let file = ShopsFile::parse(text, &directory.join("s.toml")).unwrap_or_else(|errors| panic!("{errors}"));
    let environment = |name: &str| (name == "PASS9").then(|| "frompass9".to_owned());
    let loaded = file.load_secrets(&environment, FileMode::OwnerOnly);
    let shown = |text: String| text.replace(directory.to_str().unwrap(), "DIR");
    loaded.map(|mut shops| shops.remove(0)).map_err(|errors| shown(errors.to_string()))
}

#[test]
fn secrets_come_from_files_and_the_environment() {
    let directory = directory(&[("k.pem", PEM), ("n.key", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\r\n")]);
    let text = live_shop("notify_secret_file = \"n.key\"") + "notify_url = \"https://shop.example/\"\n";
    let shop = load(&text, directory.path()).unwrap();
    assert!(shop.accepts_pass("frompass9"));
    assert!(!shop.accepts_pass("frompass8") && !shop.accepts_pass(""));
    assert_eq!(shop.private_key.expose(), PEM.trim_end());
    assert_eq!(shop.notify_key().unwrap().expose(), b"0123456789abcdef0123456789abcdef");
    let debug = format!("{shop:?}");
    for secret in ["frompass9", "MAAA", "MDEyMzQ1"] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[test]
fn secrets_that_cannot_be_used_are_told_all_at_once() {
    let directory = directory(&[("k.pem", "-----BEGIN PUBLIC KEY-----\n"), ("n.key", "\n"), ("p.key", "un fit\n")]);
    let text = sandbox_shop("shop_pass = \"x\"").replace("shop_pass = \"x\"", "shop_pass_file = \"p.key\"")
        + "notify_url = \"http://127.0.0.1/\"\nnotify_secret_file = \"n.key\"\n";
    assert_eq!(
        load(&text, directory.path()).unwrap_err(),
        "DIR/s.toml:8: private_key_file: DIR/k.pem is a public key; put in the file that begins `-----BEGIN PRIVATE KEY-----` or `-----BEGIN RSA PRIVATE KEY-----`\n\
         DIR/s.toml:9: shop_pass_file: DIR/p.key is not a ShopPass; use 1 to 64 ASCII letters and digits\n\
         DIR/s.toml:11: notify_secret_file: DIR/n.key is empty; put the secret in it"
    );
    assert_eq!(
        load(&sandbox_shop("shop_pass_env = \"NONE\"").replace("shop_pass = \"pass9\"\n", ""), directory.path())
            .unwrap_err()
            .lines()
            .last(),
        Some("DIR/s.toml:9: shop_pass_env: $NONE is not set; set it where sekisho is started")
    );
}
