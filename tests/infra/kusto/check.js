'use strict';
// Reads queries as a JSON object from stdin; prints an object with the diagnostics of each, by the same names.
require('@kusto/language-service-next/bridge.js');
require('@kusto/language-service-next/Kusto.Language.Bridge.js');

const { GlobalState, KustoCode, Symbols } = Kusto.Language;
const common =
  'itemType:string,customDimensions:dynamic,customMeasurements:dynamic,operation_Name:string,operation_Id:string,'
  + 'operation_ParentId:string,cloud_RoleName:string,cloud_RoleInstance:string,appId:string,appName:string,iKey:string,'
  + 'sdkVersion:string,itemId:string,itemCount:int,_ResourceId:string';
const tables = {
  traces: 'timestamp:datetime,message:string,severityLevel:int,' + common,
  requests:
    'timestamp:datetime,id:string,source:string,name:string,url:string,success:string,resultCode:string,'
    + 'duration:real,performanceBucket:string,' + common,
  // the same lines, as the workspace has them
  AppTraces:
    'TimeGenerated:datetime,Message:string,SeverityLevel:int,Properties:dynamic,Measurements:dynamic,'
    + 'OperationName:string,OperationId:string,ParentId:string,AppRoleName:string,AppRoleInstance:string,'
    + 'ItemCount:int,TenantId:string,ResourceGUID:string,Type:string,_ResourceId:string',
};

const symbols = Object.entries(tables).map(([name, columns]) => Symbols.TableSymbol.From(`(${columns})`).WithName(name));
const database = new Symbols.DatabaseSymbol.ctor('logs', System.Array.init(symbols, Symbols.Symbol));
const globals = GlobalState.Default.WithDatabase(database);

function diagnostics(query) {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, index) => found.getItem(index))
    .map((each) => `${each.Severity} ${each.Code} at ${each.Start}: ${each.Message}`);
}

const queries = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const answers = Object.entries(queries).map(([name, query]) => [name, diagnostics(query)]);
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
