//! `keys`, `check` and `serve`, from an empty directory to a gateway that serves, and what is said on the way when
//! something is missing or wrong.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::process::{Ended, Process, run};

const SHOPS: &str = include_str!("../../../shops.toml");
const SETTINGS: &str = include_str!("../../../sekisho.toml");

#[tokio::test]
async fn from_an_empty_directory_each_answer_leads_to_the_next_step() {
    let here = tempfile::tempdir().unwrap();
    let sekisho = async |args: &[&str]| run(args, here.path(), &[]).await;

    assert_says(
        &sekisho(&["check"]).await,
        &[
            "shops.toml: cannot be read: No such file or directory (os error 2); name the right file by --shops-file, or \
             as shops_file in sekisho.toml",
            "deployment_key_file: cannot read keys/deployment.key: No such file or directory (os error 2); make it with \
             `sekisho keys deployment keys/deployment.key`, or write where it is",
        ],
    );
    std::fs::write(here.path().join("shops.toml"), SHOPS).unwrap();
    std::fs::write(here.path().join("sekisho.toml"), SETTINGS).unwrap();
    let missing = sekisho(&["check"]).await;
    for command in
        ["keys new keys/tshop00000001.pem", "keys new keys/tshop00000002.pem", "keys deployment keys/deployment.key"]
    {
        assert!(missing.stderr.contains(&format!("make it with `sekisho {command}`")), "{}", missing.stderr);
        let made = sekisho(&command.split(' ').collect::<Vec<_>>()).await;
        assert_eq!(made.code, Some(0), "{}", made.stderr);
    }
    let good = sekisho(&["check"]).await;
    assert_eq!((good.code, good.stderr.as_str()), (Some(0), ""));
    assert!(good.stdout.contains("database    data/sekisho.db (made at the first start)\n"), "{}", good.stdout);
    assert!(good.stdout.ends_with("2 shop(s), every key signs; nothing is wrong\n"), "{}", good.stdout);

    let mut gateway = Process::start(&["serve", "--listen", "127.0.0.1:0"], here.path(), &[]);
    gateway.says("sekisho serves 2 shop(s) on http://127.0.0.1:").await;
    assert!(here.path().join("data/sekisho.db").is_file());
    assert_eq!(mode(&here.path().join("data")), 0o700, "the book is nobody else's business");
    assert_eq!(sekisho(&["check"]).await.code, Some(0), "check disturbs nobody who serves");
    gateway.signal("TERM");
    assert_eq!(gateway.end().await.code, Some(0));
}

#[tokio::test]
async fn every_mistake_is_told_with_its_place_and_nothing_starts() {
    let here = tempfile::tempdir().unwrap();
    let broken = SHOPS
        .replace("environment = \"sandbox\"\n\n# Whether", "environment = \"sandbocks\"\n\n# Whether")
        .replace("merchant_id = \"A1DEMOSHOP0002\"", "merchant_id = \"shop two\"")
        .replace("name = \"Demo shop 2\"", "nmae = \"Demo shop 2\"");
    std::fs::write(here.path().join("shops.toml"), &broken).unwrap();
    let line_of = |part: &str| 1 + broken.lines().position(|line| line.contains(part)).unwrap();
    let places = [
        format!("shops.toml:{}: environment: ", line_of("sandbocks")),
        format!("shops.toml:{}: merchant_id: ", line_of("shop two")),
        format!("shops.toml:{}: nmae: ", line_of("nmae")),
        // The key that is missing is told at its shop.
        format!(
            "shops.toml:{}: name: ",
            1 + broken.lines().collect::<Vec<_>>().iter().rposition(|line| *line == "[[shop]]").unwrap()
        ),
        "deployment_key_file: ".to_owned(),
    ];
    for command in ["serve", "check"] {
        let ended = run(&[command], here.path(), &[]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{command}");
        for place in &places {
            assert!(ended.stderr.lines().any(|line| line.starts_with(place)), "{place}\n{}", ended.stderr);
        }
        let count = format!("sekisho: {} mistake(s) in the settings", places.len());
        assert_eq!(ended.stderr.lines().last(), Some(count.as_str()), "{}", ended.stderr);
    }
    assert!(!here.path().join("data").exists(), "nothing was made");
}

#[tokio::test]
async fn a_key_is_never_written_over() {
    let here = tempfile::tempdir().unwrap();
    for command in ["new", "deployment"] {
        let name = format!("made/for/{command}.key");
        let file = here.path().join(&name);
        let made = run(&["keys", command, &name], here.path(), &[]).await;
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        assert_eq!(made.stdout.contains("-----BEGIN PUBLIC KEY-----"), command == "new", "{}", made.stdout);
        assert!(!made.stdout.contains("PRIVATE"), "{}", made.stdout);
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700), "{command}");
        let first = std::fs::read(&file).unwrap();
        let again = run(&["keys", command, &name], here.path(), &[]).await;
        assert_says(&again, &[&format!("sekisho: {name} exists, and keys are never written over; name another file")]);
        assert_eq!(std::fs::read(&file).unwrap(), first, "{command}");
    }
}

fn assert_says(ended: &Ended, lines: &[&str]) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    let said: Vec<_> = ended.stderr.lines().filter(|line| !line.ends_with("in the settings")).collect();
    assert_eq!(said, lines);
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
