//! What a correction or a retraction says of one worker or workstation.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "decision_entity")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub factory_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entity_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// As that of the decision.
    pub is_counted: bool,
    /// Start of what is corrected, or of the event that is retracted.
    pub from_at: i64,
    /// End of what is corrected.
    pub to_at: i64,
    /// 0 working, 1 idle, 2 absent, 3 not observed; null leaves it as it was reported.
    pub state: Option<i16>,
    /// Units added or taken away; null for a retraction.
    pub units: Option<i64>,
    /// The type of the event that is retracted; null for a correction.
    pub retracted_type: Option<i16>,
    /// Its form: 0 interval, 1 state report.
    pub retracted_form: Option<i16>,
    /// Its sender's own id, or the empty text.
    pub retracted_code: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
