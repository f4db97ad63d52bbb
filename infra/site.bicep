// The function app on Flex Consumption, with its secrets and settings.
targetScope = 'resourceGroup'

type stringMap = {
  *: string
}

param name string
param token string
param location string
param tags stringMap
param identityName string
param vaultName string
param vaultUri string
param blobEndpoint string
param queueEndpoint string
param tableEndpoint string
param insightsConnection string
param subnetId string?
param mode string
param pythonVersion string
param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReadyHttp int
param zoneRedundant bool
param settings stringMap
@secure()
param seedA string
@secure()
param seedB string
@secure()
param seedC string
@secure()
param seedD string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${name}-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: 'func-${name}-${token}'
  location: location
  tags: union(tags, {
    'azd-service-name': 'joinlink'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled' // Microsoft Graph sends its notifications from the internet
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${blobEndpoint}app-package'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: pythonVersion
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyHttp > 0
          ? [
              {
                name: 'http'
                instanceCount: zoneRedundant ? max(alwaysReadyHttp, 2) : alwaysReadyHttp
              }
            ]
          : []
        triggers: {
          http: {
            perInstanceConcurrency: 32
          }
        }
      }
    }
  }
}

resource noBasicAuth 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

// Both secrets are made once. Later deployments bring other seeds, and leave the secrets as they are.
// They share no seed, so that the notification URL does not reveal the key.
@onlyIfNotExists()
resource stateKey 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'client-state-key'
  properties: {
    value: '${seedA}${seedB}'
    contentType: 'text/plain'
  }
}

@onlyIfNotExists()
resource notificationUrl 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'notification-url'
  properties: {
    value: 'https://${app.properties.defaultHostName}/api/notifications?code=${replace('${seedC}${seedD}', '-', '')}'
    contentType: 'text/plain'
  }
}

var defaults = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__queueServiceUri: queueEndpoint
  AzureWebJobsStorage__tableServiceUri: tableEndpoint
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnection
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING: 'true'
  PYTHON_THREADPOOL_THREAD_COUNT: '64'
  JOINLINK_TENANT_ID: tenant().tenantId
  JOINLINK_CLIENT_ID: identity.properties.clientId
  JOINLINK_NOTIFICATION_URL: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/notification-url)'
  JOINLINK_CLIENT_STATE_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/client-state-key)'
  JOINLINK_RULES: '${blobEndpoint}rules'
}

// These replace all settings of the app: what was set by hand is gone after the next deployment.
resource appSettings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: union(defaults, settings, {
    JOINLINK_MODE: mode == 'report' ? 'report' : ''
  })
  dependsOn: [
    stateKey
    notificationUrl
  ]
}

output name string = app.name
output hostName string = app.properties.defaultHostName
