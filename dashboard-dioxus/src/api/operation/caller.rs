//! Who asks, and what they may do.

use super::factory::factories;

/// The role of those who look after a factory's settings, as the API calls it.
const ADMIN: &str = "ADMIN";

/// The role of those who lead workers, as the API calls it.
const SUPERVISOR: &str = "SUPERVISOR";

/// Who asks.
pub(crate) type Caller = factories::FactoriesMe;

impl Caller {
    /// The name of somebody who has signed in.
    pub(crate) fn person(&self) -> Option<&str> {
        // Who is shown a page where that is asked has signed in.
        (!self.access_open).then_some(&*self.name)
    }

    /// Whether they look after a factory's settings, as everybody does where nobody has to say who they are.
    pub(crate) fn is_admin(&self, factory_id: &str) -> bool {
        self.has_role(factory_id, ADMIN)
    }

    /// Whether they see what single workers did: of all, or their own.
    pub(crate) fn sees_workers(&self, factory_id: &str) -> bool {
        self.has_role(factory_id, SUPERVISOR) || self.is_a_worker(factory_id)
    }

    fn has_role(&self, factory_id: &str, role: &str) -> bool {
        self.access_open
            || self.grants.iter().any(|grant| grant.factory_id == factory_id && grant.role == role)
    }

    /// Whether they are a worker of a factory.
    pub(crate) fn is_a_worker(&self, factory_id: &str) -> bool {
        let is_one = |grant: &factories::FactoriesMeGrants| {
            grant.factory_id == factory_id && grant.worker_id.is_some()
        };
        self.grants.iter().any(is_one)
    }

    /// Which workers of a factory they are.
    pub(crate) fn own_workers(&self, factory_id: &str) -> Vec<&str> {
        let of_factory = self.grants.iter().filter(|grant| grant.factory_id == factory_id);
        let mut workers: Vec<&str> = of_factory.filter_map(|grant| grant.worker_id.as_deref()).collect();
        // Two roles of one worker stand beside each other.
        workers.dedup();
        workers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn caller(is_open: bool, grants: &Value) -> Caller {
        let caller = json!({
            "name": "Kim", "isOperator": false, "accessOpen": is_open, "grants": grants
        });
        serde_json::from_value(caller).unwrap()
    }

    #[test]
    fn who_administers_one_factory_does_not_administer_another() {
        let grants = json!([
            { "factoryId": "a", "role": "ADMIN", "workerId": null },
            { "factoryId": "b", "role": "SUPERVISOR", "workerId": null },
        ]);
        let kim = caller(false, &grants);
        assert!(kim.is_admin("a"));
        assert!(!kim.is_admin("b") && !kim.is_admin("c"));
        assert!(caller(true, &json!([])).is_admin("c"), "nobody has to say who they are");
    }

    #[test]
    fn somebody_is_a_worker_of_the_factory_of_the_grant_alone() {
        let grants = json!([
            { "factoryId": "a", "role": "VIEWER", "workerId": "W1" },
            { "factoryId": "a", "role": "SUPERVISOR", "workerId": "W1" },
            { "factoryId": "b", "role": "VIEWER", "workerId": "W7" },
        ]);
        let kim = caller(false, &grants);
        assert_eq!(kim.own_workers("a"), ["W1"]);
        assert!(kim.own_workers("c").is_empty());
        assert!(kim.is_a_worker("b") && !kim.is_a_worker("c"));
    }
}
