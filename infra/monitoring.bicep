// Logs, alerts and the workbook.
targetScope = 'resourceGroup'

type stringMap = {
  *: string
}

type numberMap = {
  *: int
}

type alert = {
  id: string
  title: string
  description: string
  severity: 0 | 1 | 2 | 3 | 4
  every: string
  window: string
  threshold: int
  query: string
}

param name string
param token string
param location string
param tags stringMap
param identityName string
param alertEmails string[]
param alertThresholds numberMap
param disabledAlerts string[]
param retentionDays int

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var alertList alert[] = loadJsonContent('monitoring/alerts.json')

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: 'log-${name}-${token}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    features: {
      enableLogAccessUsingOnlyResourcePermissions: true
      disableLocalAuth: true
    }
    workspaceCapping: {
      dailyQuotaGb: -1 // a cap would stop the logs, and with them the alerts
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource insightsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, identity.id, metricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource actions 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmails)) {
  name: 'ag-${name}-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: take(name, 12)
    emailReceivers: [
      for (email, i) in alertEmails: {
        name: 'email${i}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alertList: {
    name: 'alert-${name}-${alert.id}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.title
      description: alert.description
      severity: alert.severity
      enabled: !contains(disabledAlerts, alert.id)
      scopes: [
        insights.id
      ]
      evaluationFrequency: alert.every
      windowSize: alert.window
      autoMitigate: true
      skipQueryValidation: true // a new workspace has no tables yet
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: alertThresholds[?alert.id] ?? alert.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: empty(alertEmails) ? [] : [actions.id]
      }
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'joinlink')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Joinlink'
    category: 'workbook'
    version: '1.0'
    sourceId: insights.id
    serializedData: replace(loadTextContent('monitoring/workbook.json'), '{componentId}', insights.id)
  }
}

output workspaceId string = workspace.id
output logWorkspace string = workspace.properties.customerId
output connectionString string = insights.properties.ConnectionString
