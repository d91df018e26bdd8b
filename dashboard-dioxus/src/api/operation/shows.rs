use crate::api::session::Arrival;
use graphql_client::GraphQLQuery;

/// An operation whose answers a page shows.
pub(crate) trait Shows: GraphQLQuery<Variables: 'static, ResponseData: 'static> + 'static {
    /// What is shown.
    type Shown: 'static;

    /// What is to be shown after this answer, given what it replaces.
    fn show(before: Option<Self::Shown>, data: Self::ResponseData, arrival: Arrival) -> Self::Shown;

    /// When the question is put again by itself, in ms.
    fn again_in_ms(_shown: &Self::Shown) -> Option<f64> {
        None
    }
}
