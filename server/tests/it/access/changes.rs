//! Who may do what is changed by those who administer a factory, through the API.

use domain::access::Role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{NOW, browser::Browser, closed, device_of};
use crate::harness::{Caller, TestServer, code, soon};

const ME: &str = "{ me { name } }";
const ALL_OF_ME: &str = "{ me { name kind isOperator accessOpen grants { factoryId role workerId fromGroups principal { name } } } }";
const WORKERS: &str = "{ workerMetrics(factoryId: \"plant\") { revision } }";

async fn ask(server: &TestServer, caller: &Caller, query: &str) -> Value {
    server.answer_to(caller, query, json!({})).await
}

/// The data of an operation that must succeed.
async fn done(server: &TestServer, caller: &Caller, query: &str) -> Value {
    let mut answer = ask(server, caller, query).await;
    assert!(answer.get("errors").is_none(), "{query}: {answer}");
    answer["data"].take()
}

async fn admin(server: &TestServer) -> Caller {
    server.person("Ada", &[("plant", Role::Admin)]).await
}

#[tokio::test]
async fn everybody_is_told_who_they_are_and_what_they_were_granted() {
    let server = closed(&["plant"]).await;
    let kim = server.person("Kim", &[("plant", Role::Viewer), ("plant", Role::Engineer)]).await;
    let grant = |role: &str| json!({ "factoryId": "plant", "role": role, "workerId": null, "fromGroups": false, "principal": { "name": "Kim" } });
    let expected = json!({ "me": { "name": "Kim", "kind": "PERSON", "isOperator": false, "accessOpen": false,
        "grants": [grant("VIEWER"), grant("ENGINEER")] } });
    assert_eq!(done(&server, &kim, ALL_OF_ME).await, expected);
    let device = server.token("plant", Role::Device, "cam-1").await;
    assert_eq!(
        done(&server, &device, "{ me { name kind } }").await["me"],
        json!({ "name": "cam-1", "kind": "DEVICE" })
    );
    let open = TestServer::at(NOW).await;
    let expected = json!({ "me": { "name": "anonymous", "kind": null, "isOperator": true, "accessOpen": true, "grants": [] } });
    assert_eq!(open.ask(ALL_OF_ME, json!({})).await, expected);
}

#[tokio::test]
async fn who_is_invited_chooses_a_password_by_the_link_once_and_is_let_in_by_it_in_no_other_way() {
    let server = closed(&["plant"]).await;
    let admin = admin(&server).await;
    let invite =
        "mutation { invite(input: {factoryId: \"plant\", name: \" Kim \", role: SUPERVISOR}) { path expiresAt
        grant { role principal { name kind } } } }";
    let invited = done(&server, &admin, invite).await["invite"].take();
    assert_eq!(
        invited["grant"],
        json!({ "role": "SUPERVISOR", "principal": { "name": "Kim", "kind": "PERSON" } })
    );
    assert_eq!(invited["expiresAt"], "2026-01-12T12:00:00.000Z");
    assert_eq!(code(&ask(&server, &admin, invite).await), "ALREADY_EXISTS");
    let path = invited["path"].as_str().expect("a path");
    let (_, setup_code) = path.split_once("?code=").expect("a code");
    // The code is no token.
    let caller = Caller { token: setup_code.to_owned(), id: domain::id::CredentialId(0) };
    assert_eq!(code(&ask(&server, &caller, "{ me { name } }").await), "UNAUTHENTICATED");
    let browser = Browser::of(&server);
    let page = browser.get(path).await.text().await.expect("a page");
    assert!(page.contains("Choose a password") && !page.contains("Your name"), "{page}");
    let choose = async |password: &str| {
        browser.post("/auth/setup", None, &[("code", setup_code), ("password", password)]).await
    };
    assert_eq!(choose("too short").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(choose("correct horse battery").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(choose("another correct horse").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(browser.sign_in("Kim", "correct horse battery").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_invitation_of_more_than_a_week_ago_is_not_valid_any_more() {
    let server = closed(&["plant"]).await;
    let admin = admin(&server).await;
    let invite = "mutation { invite(input: {factoryId: \"plant\", name: \"Kim\", role: VIEWER}) { path } }";
    let invited = done(&server, &admin, invite).await["invite"]["path"].take();
    let (_, setup_code) = invited.as_str().and_then(|path| path.split_once("?code=")).expect("a code");
    server.clock.set(crate::harness::millis("2026-01-12T12:00:00Z"));
    let browser = Browser::of(&server);
    let form = [("code", setup_code), ("password", "correct horse battery")];
    assert_eq!(browser.post("/auth/setup", None, &form).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_role_that_is_granted_or_taken_away_counts_at_once_on_this_server() {
    let server = closed(&["plant"]).await;
    device_of(&server, "plant").await;
    let admin = admin(&server).await;
    let kim = server.person("Kim", &[]).await;
    assert_eq!(code(&ask(&server, &kim, WORKERS).await), "NOT_FOUND");
    let change = |field: &str, role: &str| {
        format!(
            "mutation {{ {field}(input: {{factoryId: \"plant\", name: \"Kim\", role: {role}}}) {{ role }} }}"
        )
    };
    for _ in 0..2 {
        let granted = done(&server, &admin, &change("grant", "SUPERVISOR")).await;
        assert_eq!(granted, json!({ "grant": { "role": "SUPERVISOR" } }));
    }
    assert!(ask(&server, &kim, WORKERS).await.get("errors").is_none());
    let listed =
        done(&server, &admin, "{ grants(factoryId: \"plant\") { principal { name kind } role } }").await;
    let grant = |name: &str, kind: &str, role: &str| json!({ "principal": { "name": name, "kind": kind }, "role": role });
    let expected = [
        grant("Ada", "PERSON", "ADMIN"),
        grant("Kim", "PERSON", "SUPERVISOR"),
        grant("cam-1", "DEVICE", "DEVICE"),
    ];
    assert_eq!(listed["grants"], json!(expected));
    done(&server, &admin, &change("revokeGrant", "SUPERVISOR")).await;
    assert_eq!(code(&ask(&server, &kim, WORKERS).await), "NOT_FOUND");
    assert_eq!(code(&ask(&server, &admin, &change("revokeGrant", "SUPERVISOR")).await), "NOT_FOUND");
    assert_eq!(code(&ask(&server, &admin, &change("grant", "DEVICE")).await), "BAD_USER_INPUT");
    let nobody = "mutation { grant(input: {factoryId: \"plant\", name: \"Nobody\", role: VIEWER}) { role } }";
    assert_eq!(code(&ask(&server, &admin, nobody).await), "NOT_FOUND");
}

#[tokio::test]
async fn a_token_is_told_once_and_can_be_rotated_and_revoked() {
    let server = closed(&["plant", "other"]).await;
    let admin = admin(&server).await;
    let create = "mutation { createToken(input: {factoryId: \"plant\", kind: SERVICE, name: \"bi\", role: VIEWER, validDays: 30}) {
        secret token { id: tokenId kind name roles createdAt expiresAt lastUsedAt revokedAt } } }";
    let created = done(&server, &admin, create).await["createToken"].take();
    let id = created["token"]["id"].as_str().expect("an id").to_owned();
    let expected = json!({ "id": id, "kind": "SERVICE", "name": "bi", "roles": ["VIEWER"], "createdAt": "2026-01-05T12:00:00.000Z",
        "expiresAt": "2026-02-04T12:00:00.000Z", "lastUsedAt": null, "revokedAt": null });
    assert_eq!(created["token"], expected);
    let caller = |issued: &Value| Caller {
        token: issued["secret"].as_str().expect("a secret").to_owned(),
        id: domain::id::CredentialId(0),
    };
    assert_eq!(done(&server, &caller(&created), ME).await["me"]["name"], "bi");
    let rotate = format!(
        "mutation {{ rotateToken(id: \"{id}\", overlapHours: 0) {{ secret token {{ id: tokenId }} }} }}"
    );
    let rotated = done(&server, &admin, &rotate).await["rotateToken"].take();
    assert_eq!(code(&ask(&server, &caller(&created), ME).await), "UNAUTHENTICATED");
    assert_eq!(done(&server, &caller(&rotated), ME).await["me"]["name"], "bi");
    let revoke = format!("mutation {{ revokeToken(id: {}) {{ revokedAt }} }}", rotated["token"]["id"]);
    for _ in 0..2 {
        let revoked = done(&server, &admin, &revoke).await;
        assert_eq!(revoked["revokeToken"]["revokedAt"], "2026-01-05T12:00:00.000Z");
    }
    assert_eq!(code(&ask(&server, &caller(&rotated), ME).await), "UNAUTHENTICATED");
    let listed = done(&server, &admin, "{ tokens(factoryId: \"plant\") { name } }").await;
    assert_eq!(listed, json!({ "tokens": [{ "name": "bi" }, { "name": "bi" }] }));
    // A token of another factory is to them as one that is not there.
    let other = server.token("other", Role::Viewer, "board").await;
    let words = async |id: String| {
        let answer =
            ask(&server, &admin, &format!("mutation {{ revokeToken(id: \"{id}\") {{ tokenId }} }}")).await;
        assert_eq!(code(&answer), "NOT_FOUND");
        answer["errors"][0]["message"].as_str().expect("words").replace(&id, "X")
    };
    assert_eq!(words(other.id.0.to_string()).await, words("999".to_owned()).await);
    for (input, part) in [
        ("kind: PERSON, name: \"x\"", "invite"),
        ("kind: SERVICE, name: \"x\"", "role must say"),
        ("kind: DEVICE, name: \"x\", role: ADMIN", "leave role out"),
        ("kind: DEVICE, name: \"x\", validDays: 0", "1 to 3650"),
        ("kind: DEVICE, name: \"\"", "name must"),
    ] {
        let answer = ask(
            &server,
            &admin,
            &format!("mutation {{ createToken(input: {{factoryId: \"plant\", {input}}}) {{ secret }} }}"),
        )
        .await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{answer}");
        let message = answer["errors"][0]["message"].as_str().expect("words");
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn nobody_changes_who_may_do_what_but_who_administers_the_factory() {
    let server = closed(&["plant", "other"]).await;
    let token = server.token("plant", Role::Viewer, "board").await;
    server.person("Robin", &[("plant", Role::Supervisor)]).await;
    let by_id = token.id.0;
    let operations = [
        "mutation { invite(input: {factoryId: \"FACTORY\", name: \"Kim\", role: VIEWER}) { path } }".to_owned(),
        "mutation { grant(input: {factoryId: \"FACTORY\", name: \"Robin\", role: ADMIN}) { role } }".to_owned(),
        "mutation { revokeGrant(input: {factoryId: \"FACTORY\", name: \"Robin\", role: SUPERVISOR}) { role } }".to_owned(),
        "mutation { createToken(input: {factoryId: \"FACTORY\", kind: DEVICE, name: \"cam-9\"}) { secret } }".to_owned(),
        format!("mutation {{ rotateToken(id: \"{by_id}\") {{ secret }} }}"),
        format!("mutation {{ revokeToken(id: \"{by_id}\") {{ tokenId }} }}"),
    ];
    let mut callers = Vec::new();
    for role in [Role::Device, Role::Viewer, Role::Supervisor, Role::Engineer] {
        callers.push((server.token("plant", role, role.name()).await, "FORBIDDEN"));
    }
    callers.push((server.person("Otto", &[("other", Role::Admin)]).await, "NOT_FOUND"));
    callers.push((server.operator("Olga").await, "NOT_FOUND"));
    for (caller, expected) in callers {
        for operation in &operations {
            let answer = ask(&server, &caller, &operation.replace("FACTORY", "plant")).await;
            assert_eq!(code(&answer), expected, "{operation}: {answer}");
        }
    }
    let listed =
        ask(&server, &admin(&server).await, "{ grants(factoryId: \"plant\") { role principal { name } } }")
            .await;
    let of_robin = json!({ "role": "SUPERVISOR", "principal": { "name": "Robin" } });
    assert!(listed["data"]["grants"].as_array().expect("grants").contains(&of_robin), "{listed}");
    let status = soon("an answer", server.request_of(&token, "{ me { name } }", &json!({})).send()).await;
    assert_eq!(status.expect("a response").status(), StatusCode::OK);
}
