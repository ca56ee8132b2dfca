// Schemas of Kubernetes, cert-manager, KEDA and the Prometheus operator, strictly: the npm packages' validators see what is missing, of a
// wrong type or out of range; TypeScript, given each manifest as a literal of its kind's type, sees fields that the kind does not have.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { MODULES, Skip, package_ } = require('./tools');

const PACKAGES = { 'cert-manager.io': '@kubernetes-models/cert-manager', 'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator' };

const moduleOf = (object) => `${PACKAGES[object.apiVersion.split('/')[0]] ?? 'kubernetes-models'}/${object.apiVersion}/${object.kind}`;
const nameOf = (object) => `${object.kind} ${object.metadata?.name}`;

async function invalid(objects) {
  const found = [];
  for (const object of objects) {
    const file = ['.mjs', '.js'].map((end) => path.join(MODULES, moduleOf(object) + end)).find(fs.existsSync);
    if (!file) throw new Skip(`no schema of ${object.apiVersion} ${object.kind} is installed (npm ci --prefix tests/deploy)`);
    const module_ = await import(pathToFileURL(file));
    try {
      new module_[object.kind](object).validate();
    } catch (error) {
      found.push(`${nameOf(object)}: ${error.message}`);
    }
  }
  return found;
}

// A list of "KIND NAME: what TypeScript says".
function unknown(objects) {
  const ts = package_('typescript');
  const file = path.join(__dirname, 'manifests.ts');
  const text = objects.map((object, i) => `import type { I${object.kind} as T${i} } from '${moduleOf(object)}';\n`).join('')
    + objects.map((object, i) => `export const o${i}: T${i} = ${JSON.stringify(object)};\n`).join('');
  const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) => (name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest));
  host.fileExists = (name) => name === file || fileExists(name);
  host.readFile = (name) => (name === file ? text : readFile(name));
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const line = diagnostic.file ? diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start).line - objects.length : -1;
    return `${line >= 0 ? nameOf(objects[line]) : 'types'}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
  });
}

module.exports = { invalid, unknown };
