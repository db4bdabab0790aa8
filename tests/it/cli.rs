//! The command line as its users meet it: the real binary, what it prints, what it leaves on the disk, how it ends.

mod console;
mod demo;
mod operator;
mod outbox;

use crate::process::run;

#[tokio::test]
async fn help_names_every_command_and_what_the_demo_can_be_told() {
    let here = tempfile::tempdir().unwrap();
    let help = run(&["--help"], here.path(), &[]).await;
    assert_eq!(help.code, Some(0));
    for command in ["demo", "serve", "sandbox", "check", "migrate", "resend", "reconcile", "keys"] {
        assert!(help.stdout.lines().any(|line| line.starts_with(&format!("  {command} "))), "{command}");
    }
    let help = run(&["demo", "--help"], here.path(), &[]).await;
    for (flag, says) in [
        ("--gateway-port", "[default: 8080]"),
        ("--sandbox-port", "[default: 8081]"),
        ("--shop-port", "[default: 8082]"),
        ("--data <DIR>", "removed at"),
        ("--auto", "exits with 0 only if"),
    ] {
        let at = help.stdout.find(flag).unwrap_or_else(|| panic!("{flag}: {}", help.stdout));
        assert!(help.stdout[at..].contains(says), "{flag}: {}", help.stdout);
    }
    let nothing = run(&[], here.path(), &[]).await;
    assert_eq!(nothing.code, Some(2), "no command is a mistake");
    assert!(nothing.stderr.contains("Usage: sekisho <COMMAND>"), "{}", nothing.stderr);
}
