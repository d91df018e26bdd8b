"""gql over HTTP: its language for queries, made from the schema that the server tells, and operations in a list."""

from follow import QUERY, URL, write
from gql import Client, GraphQLRequest, gql
from gql.dsl import DSLQuery, DSLSchema, dsl_gql
from gql.transport.requests import RequestsHTTPTransport

write()
with Client(transport=RequestsHTTPTransport(url=URL), fetch_schema_from_transport=True) as session:
    schema = DSLSchema(session.client.schema)
    metrics = schema.Query.factoryMetrics(factoryId="plant").select(schema.FactoryMetrics.unitsProduced)
    answer = session.execute(dsl_gql(DSLQuery(metrics)))
    assert answer == {"factoryMetrics": {"unitsProduced": 7}}, answer
    zone = GraphQLRequest('{ factory(id: "plant") { timeZone } }')
    answers = session.execute_batch([GraphQLRequest(QUERY), zone])
    assert answers[0]["factoryMetrics"]["unitsProduced"] == 7, answers
    assert answers[1] == {"factory": {"timeZone": "UTC"}}, answers
