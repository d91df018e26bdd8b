const metricsQuery = `# Welcome to Andon. The panel on the left documents the whole schema.
# Run a tab with Ctrl-Enter; the next tab stays subscribed and shows each change.
query Today {
  factories {
    factoryId
    name
    timeZone
  }
  factoryMetrics(factoryId: "demo", window: { period: TODAY }) {
    revision
    productiveMinutes
    unitsProduced
    averageUtilization
    averageProductionRate
  }
}
`;

const liveQuery = `subscription Live {
  factoryMetrics(factoryId: "demo", window: { period: TODAY }) {
    revision
    productiveMinutes
    unitsProduced
    averageUtilization
    averageProductionRate
  }
}
`;

const fetcher = GraphiQL.createFetcher({
  url: "/graphql",
  subscriptionUrl: `${location.origin.replace(/^http/, "ws")}/graphql`,
});

const page = React.createElement(GraphiQL, {
  fetcher,
  defaultTabs: [{ query: metricsQuery }, { query: liveQuery }],
});

ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
