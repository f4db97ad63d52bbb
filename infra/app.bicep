// One installation of Joinlink in one resource group.
targetScope = 'resourceGroup'

type stringMap = {
  *: string
}

type numberMap = {
  *: int
}

@description('Azure region of all resources. It must offer Flex Consumption.')
param location string = resourceGroup().location

@description('Short name of this installation; it is part of every resource name.')
@minLength(3)
@maxLength(12)
param name string = 'joinlink'

@description('Tags of all resources.')
param tags stringMap = {}

@description('report: nothing is written. rules: the mode of each rule applies.')
@allowed(['report', 'rules'])
param mode string = 'report'

@description('Python version of the function app.')
@allowed(['3.11', '3.12', '3.13'])
param pythonVersion string = '3.12'

@description('Memory of an instance in MB. 512 MB comes with a quarter of a core.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances of the function app.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that always run, so that Microsoft Graph gets its answer within three seconds.')
@minValue(0)
@maxValue(20)
param alwaysReadyHttp int = 1

@description('Further app settings, such as JOINLINK_SETTLE or JOINLINK_CALENDAR_SUBSCRIPTIONS.')
param settings stringMap = {}

@description('Addresses that get alerts and the budget warning. Without any, alerts only show in the portal.')
param alertEmails string[] = []

@description('Thresholds that differ from infra/monitoring/alerts.json, by the id of the alert.')
param alertThresholds numberMap = {}

@description('Ids of alerts that are switched off.')
param disabledAlerts string[] = []

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int = 90

@description('Monthly budget in the currency of the subscription. 0: no budget.')
@minValue(0)
param budgetAmount int = 0

@description('Object id of the account that runs the desk commands and the hooks. Empty: no one.')
param adminPrincipalId string = ''

@description('Kind of that account.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param adminPrincipalType string = 'User'

@description('Storage and vault can be reached from the app only, through private endpoints.')
param privateStorage bool = false

@description('Spread the app over availability zones. At least two instances then always run.')
param zoneRedundant bool = false

@description('Kind of replication of the storage account. Use Standard_LRS where the region has no zones.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('Lock storage and vault against deletion.')
param lockState bool = false

@description('Keep a deleted vault for 90 days. Only a trial switches this off, before its first deployment.')
param purgeProtection bool = true

@description('Leave the default. The secrets are derived from it once, at the first deployment.')
@secure()
param seedA string = newGuid()

@description('Leave the default. The secrets are derived from it once, at the first deployment.')
@secure()
param seedB string = newGuid()

@description('Leave the default. The secrets are derived from it once, at the first deployment.')
@secure()
param seedC string = newGuid()

@description('Leave the default. The secrets are derived from it once, at the first deployment.')
@secure()
param seedD string = newGuid()

@description('Leave the default. Azure does not change the start of a budget later.')
param budgetStart string = utcNow('yyyy-MM-01')

var token = uniqueString(subscription().id, resourceGroup().id, name)
var storageName = take('st${toLower(name)}${token}', 24)
var vaultName = take('kv-${name}-${token}', 24)

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${name}-${token}'
  location: location
  tags: tags
}

module monitoring 'monitoring.bicep' = {
  params: {
    name: name
    token: token
    location: location
    tags: tags
    identityName: identity.name
    alertEmails: alertEmails
    alertThresholds: alertThresholds
    disabledAlerts: disabledAlerts
    retentionDays: retentionDays
  }
}

module storage 'storage.bicep' = {
  params: {
    name: storageName
    location: location
    tags: tags
    sku: storageSku
    identityName: identity.name
    adminPrincipalId: adminPrincipalId
    adminPrincipalType: adminPrincipalType
    workspaceId: monitoring.outputs.workspaceId
    isPrivate: privateStorage
    isLocked: lockState
  }
}

module vault 'vault.bicep' = {
  params: {
    name: vaultName
    location: location
    tags: tags
    identityName: identity.name
    adminPrincipalId: adminPrincipalId
    adminPrincipalType: adminPrincipalType
    workspaceId: monitoring.outputs.workspaceId
    isPrivate: privateStorage
    isLocked: lockState
    purgeProtection: purgeProtection
  }
}

module network 'network.bicep' = if (privateStorage) {
  params: {
    name: name
    token: token
    location: location
    tags: tags
    storageName: storageName
    vaultName: vaultName
  }
  dependsOn: [
    storage
    vault
  ]
}

module site 'site.bicep' = {
  params: {
    name: name
    token: token
    location: location
    tags: tags
    identityName: identity.name
    vaultName: vaultName
    vaultUri: vault.outputs.uri
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    insightsConnection: monitoring.outputs.connectionString
    subnetId: network.?outputs.appSubnetId
    mode: mode
    pythonVersion: pythonVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttp: alwaysReadyHttp
    zoneRedundant: zoneRedundant
    settings: settings
    seedA: seedA
    seedB: seedB
    seedC: seedC
    seedD: seedD
  }
}

@onlyIfNotExists()
resource budget 'Microsoft.Consumption/budgets@2024-08-01' = if (budgetAmount > 0 && !empty(alertEmails)) {
  name: 'budget-${name}-${budgetAmount}'
  properties: {
    category: 'Cost'
    amount: budgetAmount
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: budgetStart
    }
    notifications: {
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: alertEmails
      }
      actual: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 90
        thresholdType: 'Actual'
        contactEmails: alertEmails
      }
    }
  }
}

output functionAppName string = site.outputs.name
output hostName string = site.outputs.hostName
output keyVaultName string = vaultName
output storageAccountName string = storageName
output identityPrincipalId string = identity.properties.principalId
output identityClientId string = identity.properties.clientId
output logWorkspace string = monitoring.outputs.logWorkspace
output rulesContainer string = '${storage.outputs.blobEndpoint}rules'
