// Joinlink with a resource group of its own. In a group that exists already, deploy app.bicep instead.
targetScope = 'subscription'

type stringMap = {
  *: string
}

type numberMap = {
  *: int
}

@description('Short name of this installation; it is part of every resource name.')
@minLength(3)
@maxLength(12)
param environmentName string

@description('Azure region of all resources. It must offer Flex Consumption.')
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('Name of the resource group, which is created if it does not exist.')
param resourceGroupName string = 'rg-${environmentName}'

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

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: resourceGroupName
  location: location
  tags: {
    'azd-env-name': environmentName
  }
}

module app 'app.bicep' = {
  scope: group
  params: {
    name: environmentName
    location: location
    tags: {
      'azd-env-name': environmentName
    }
    mode: mode
    pythonVersion: pythonVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttp: alwaysReadyHttp
    settings: settings
    alertEmails: alertEmails
    alertThresholds: alertThresholds
    disabledAlerts: disabledAlerts
    retentionDays: retentionDays
    budgetAmount: budgetAmount
    adminPrincipalId: adminPrincipalId
    adminPrincipalType: adminPrincipalType
    privateStorage: privateStorage
    zoneRedundant: zoneRedundant
    storageSku: storageSku
    lockState: lockState
    purgeProtection: purgeProtection
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = app.outputs.functionAppName
output AZURE_KEY_VAULT_NAME string = app.outputs.keyVaultName
output AZURE_STORAGE_ACCOUNT string = app.outputs.storageAccountName
output JOINLINK_HOST string = app.outputs.hostName
output JOINLINK_IDENTITY_CLIENT_ID string = app.outputs.identityClientId
output JOINLINK_IDENTITY_OBJECT_ID string = app.outputs.identityPrincipalId
output JOINLINK_TENANT_ID string = tenant().tenantId
output JOINLINK_LOG_WORKSPACE string = app.outputs.logWorkspace
output JOINLINK_RULES_CONTAINER string = app.outputs.rulesContainer
