use super::*;
use crate::model::Span;

const NOW: Time = Time(1_800_000_000_000);

fn opened() -> (tempfile::TempDir, Access) {
    let folder = tempfile::tempdir().expect("a folder");
    let access = Access::open(folder.path()).expect("opens");
    (folder, access)
}

fn nurse(name: &str) -> NewUser {
    NewUser {
        name: name.into(),
        role: Role::Nurse,
        wards: Wards::Only(vec!["6E".into()]),
        identity: Identity::P3,
    }
}

#[test]
fn a_token_works_until_it_expires_or_is_revoked() {
    let (_folder, access) = opened();
    assert!(!access.has_users().expect("answers"));
    access.add_user(&nurse("aoki"), None, NOW).expect("added");
    assert!(access.has_users().expect("answers"));
    let lasting = access.add_token("aoki", None, NOW).expect("a token");
    let short = access.add_token("aoki", Some(NOW + Span::HOUR), NOW).expect("a token");
    let owner = |token: &str, at| access.account_of_token(&secret::hash(token), at).expect("answers");

    assert_eq!(owner(&lasting, NOW).expect("an account").name, "aoki");
    assert!(owner(&short, NOW).is_some());
    assert_eq!(owner(&short, NOW + Span::HOUR), None);
    assert_eq!(owner("0000", NOW), None);

    assert!(access.revoke("aoki", NOW).expect("revoked"));
    assert_eq!(owner(&lasting, NOW), None);
    assert!(access.has_users().expect("answers"), "revoking the last user must not open the doors");
}

#[test]
fn a_password_opens_a_session_that_ends() {
    let (_folder, access) = opened();
    access.add_user(&nurse("aoki"), Some("a long enough password"), NOW).expect("added");
    assert!(access.account_of_password("aoki", "wrong password").expect("answers").is_none());
    assert!(access.account_of_password("nobody", "a long enough password").expect("answers").is_none());
    let account = access.account_of_password("aoki", "a long enough password").expect("answers");
    assert_eq!(account.expect("an account").wards, Wards::Only(vec!["6E".into()]));

    let cookie = access.start_session("aoki", "127.0.0.1", NOW).expect("a session");
    let hash = secret::hash(&cookie);
    let at = |t| access.account_of_session(&hash, t).expect("answers").is_some();
    assert!(at(NOW + Span::minutes(59)));
    assert!(at(NOW + Span::minutes(118)), "use keeps a session alive");
    assert!(!at(NOW + Span::minutes(179)), "an hour unused ends it");
    let mut later = NOW + Span::minutes(118);
    while later < NOW + session::LONGEST {
        at(later);
        later = later + Span::minutes(30);
    }
    assert!(!at(NOW + session::LONGEST), "the shift ends it, used or not");

    let cookie = access.start_session("aoki", "127.0.0.1", NOW).expect("a session");
    access.end_session(&secret::hash(&cookie)).expect("ended");
    assert_eq!(access.account_of_session(&secret::hash(&cookie), NOW).expect("answers"), None);
}

#[test]
fn a_user_needs_a_good_name_a_ward_and_a_long_password() {
    let (_folder, access) = opened();
    let mut wardless = nurse("aoki");
    wardless.wards = Wards::Only(vec![]);
    wardless.role = Role::Display;
    assert!(matches!(access.add_user(&wardless, None, NOW), Err(Error::WardMissing("display"))));
    assert!(matches!(access.add_user(&nurse("a b"), None, NOW), Err(Error::Name(_))));
    assert!(matches!(access.add_user(&nurse("aoki"), Some("short"), NOW), Err(Error::Password(5))));
    access.add_user(&nurse("aoki"), None, NOW).expect("added");
    assert!(matches!(access.add_user(&nurse("aoki"), None, NOW), Err(Error::Exists(_))));
    access.revoke("aoki", NOW).expect("revoked");
    access.add_user(&nurse("aoki"), None, NOW).expect("a revoked name can be used again");
}

#[test]
fn an_answer_costs_the_same_whether_the_account_exists_or_not() {
    let (_folder, access) = opened();
    access.add_user(&nurse("aoki"), Some("a long enough password"), NOW).expect("added");
    access.add_user(&nurse("tokenonly"), None, NOW).expect("added");
    access.add_user(&nurse("left"), Some("a long enough password"), NOW).expect("added");
    access.revoke("left", NOW).expect("revoked");
    let work = |name: &str| {
        assert!(access.account_of_password(name, "not this password").expect("answers").is_none());
        super::secret::tests::WORKED.take()
    };
    assert_eq!(work("aoki"), ["m=19456,t=2,p=1"], "one hash at full cost");
    for name in ["nobody", "tokenonly", "left"] {
        assert_eq!(work(name), ["m=19456,t=2,p=1"], "{name}");
    }
}

#[test]
fn secrets_are_kept_as_hashes_only() {
    let (folder, access) = opened();
    access.add_user(&nurse("aoki"), Some("a long enough password"), NOW).expect("added");
    let token = access.add_token("aoki", None, NOW).expect("a token");
    let cookie = access.start_session("aoki", "127.0.0.1", NOW).expect("a session");
    drop(access);
    for file in std::fs::read_dir(folder.path()).expect("a folder") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("readable");
        let kept = String::from_utf8_lossy(&bytes);
        assert!(!kept.contains(&token) && !kept.contains(&cookie) && !kept.contains("long enough"));
    }
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(folder.path().join(FILE)).expect("a file").permissions().mode();
    assert_eq!(mode & 0o077, 0, "others may read the access file");
}

#[tokio::test]
async fn an_audit_line_is_found_by_who_and_patient() {
    let (_folder, access) = opened();
    let audit = audit::Audit::start(&access).expect("starts");
    let line = |who: &str, patient: &str, minutes| audit::Line {
        at: NOW + Span::minutes(minutes),
        who: who.into(),
        role: "nurse".into(),
        action: "read patient".into(),
        patient: Some(patient.into()),
        subject: None,
        address: "10.0.0.7".into(),
        outcome: "done".into(),
    };
    for minute in 0..3 {
        audit.note(line("aoki", "100", minute)).await;
        audit.note(line("baba", "200", minute)).await;
    }
    let search = |who: Option<&str>, patient: Option<&str>| {
        let search = audit::Search {
            who: who.map(Into::into),
            patient: patient.map(Into::into),
            ..audit::Search::default()
        };
        access.search_audit(&search).expect("answers")
    };
    audit.written().await;
    assert_eq!(search(Some("aoki"), None).len(), 3);
    assert_eq!(search(Some("aoki"), Some("200")).len(), 0);
    let newest = search(None, Some("200"));
    assert_eq!(newest[0], line("baba", "200", 2));
    let by = |action: &str, outcome: &str| {
        let search = audit::Search {
            action: Some(action.into()),
            outcome: Some(outcome.into()),
            ..audit::Search::default()
        };
        access.search_audit(&search).expect("answers").len()
    };
    assert_eq!((by("read", "done"), by("read", "refused"), by("%", "done")), (6, 0, 0));
}
