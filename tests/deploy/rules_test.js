// Recording rules, alerts and the dashboard: promtool checks and tests them, and they speak of metrics that the services have.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { ROOT, KUSTOMIZE, Skip, package_, run } = require('./tools');

const MONITORING = path.join(KUSTOMIZE, 'components/monitoring');
// Debian's, or the one that ./mesh test unpacks.
const PROMTOOL = ['/usr/bin/promtool', path.join(ROOT, 'build/prometheus/usr/bin/promtool')].find(fs.existsSync);
const OTHERS = /^(up|certmanager_|kube_|job_method:|ask:|inference:)/;

const rules = () => package_('yaml').parse(fs.readFileSync(path.join(MONITORING, 'rules.yaml'), 'utf8')).spec;
const dashboard = () => JSON.parse(fs.readFileSync(path.join(MONITORING, 'dashboard.json'), 'utf8'));
const expressions = () => dashboard().panels.flatMap((panel) => (panel.targets ?? []).map((target) => target.expr))
  .map((text) => text.replace(/\$__rate_interval/g, '1m').replace(/\$namespace/g, '.*'));

function promtool(words, files) {
  if (!PROMTOOL) throw new Skip('promtool is not installed (Debian: prometheus)');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-rules-'));
  try {
    for (const [name, value] of Object.entries(files)) {
      fs.writeFileSync(path.join(folder, name), typeof value === 'string' ? value : package_('yaml').stringify(value));
    }
    return run(PROMTOOL, words, { cwd: folder });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

// The names of metrics in an expression: words that are neither functions, labels, nor text.
function metricsOf(expression) {
  const bare = expression.replace(/"[^"]*"/g, '').replace(/\{[^}]*\}/g, '').replace(/\b(by|without)\s*\([^)]*\)/g, '').replace(/\[[^\]]*\]/g, '');
  return [...bare.matchAll(/[a-z_][a-zA-Z0-9_:]*(?!\s*\(|[a-zA-Z0-9_:])/g)].map(([name]) => name).filter((name) => !/^(and|or|unless|on|time|absent)$/.test(name));
}

function sources(folder, found = []) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) sources(file, found);
    else if (file.endsWith('.c')) found.push(fs.readFileSync(file, 'utf8'));
  }
  return found;
}

exports.tests = {
  'promtool accepts the rules'() {
    assert.match(promtool(['check', 'rules', 'rules.yaml'], { 'rules.yaml': rules() }), /SUCCESS/);
  },

  'each alert speaks when it should and is silent when it should'() {
    const test = fs.readFileSync(path.join(__dirname, 'rules_test.yaml'), 'utf8');
    assert.match(promtool(['test', 'rules', 'test.yaml'], { 'rules.yaml': rules(), 'test.yaml': test }), /SUCCESS/);
    const alerts = rules().groups.flatMap((group) => group.rules).map((rule) => rule.alert).filter(Boolean);
    const tested = package_('yaml').parse(test).tests.flatMap((one) => one.alert_rule_test ?? []).filter((one) => one.exp_alerts.length > 0)
      .map((one) => one.alertname);
    assert.deepStrictEqual(alerts.filter((name) => !tested.includes(name)), []);
  },

  'promtool accepts every expression of the dashboard'() {
    const groups = [{ name: 'dashboard', rules: expressions().map((expr, i) => ({ record: `panel:${i}`, expr })) }];
    assert.match(promtool(['check', 'rules', 'rules.yaml'], { 'rules.yaml': { groups } }), /SUCCESS/);
  },

  'rules and dashboard speak of metrics that the services have'() {
    const text = ['common', 'services'].flatMap((folder) => sources(path.join(ROOT, folder))).join('\n');
    const recorded = rules().groups.flatMap((group) => group.rules).map((rule) => rule.record).filter(Boolean);
    const used = [...rules().groups.flatMap((group) => group.rules).map((rule) => rule.expr), ...expressions()].flatMap(metricsOf);
    assert.ok(used.includes('rpc_server_calls_total') && used.includes('inference_requests_waiting'));
    const there = (name) => text.includes(`"${name}"`) || text.includes(`"${name.replace(/_(bucket|count|sum|total)$/, '')}"`);
    assert.deepStrictEqual([...new Set(used)].filter((name) => !recorded.includes(name) && !OTHERS.test(name) && !there(name)), []);
    assert.deepStrictEqual([...new Set(used)].filter((name) => name.includes(':') && !recorded.includes(name)), []);
  },

  'the panels of the dashboard have ids of their own and do not overlap'() {
    const { panels } = dashboard();
    assert.strictEqual(new Set(panels.map((panel) => panel.id)).size, panels.length);
    const cells = new Set();
    for (const { title, gridPos: { x, y, w, h } } of panels) {
      assert.ok(x + w <= 24, title);
      for (let i = x; i < x + w; i++) {
        for (let j = y; j < y + h; j++) {
          assert.ok(!cells.has(`${i},${j}`), title);
          cells.add(`${i},${j}`);
        }
      }
    }
  },
};
