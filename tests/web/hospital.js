// A hospital's FHIR server: the npm package @asymmetrik/node-fhir-server-core over one bundle, with $everything in pages, behind
// SMART Backend Services. What it checks of an assertion it checks with Node's own crypto.
'use strict';
const crypto = require('node:crypto');
const express = require('express');
const fhir = require('@asymmetrik/node-fhir-server-core');

const BASE = '/4_0_1';
const PAGE = 100;
const text = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

function check(assertion, { publicKey, clientId, endpoint, seen }) {
  const [head, body, signature] = assertion.split('.');
  const { alg, typ, kid } = text(head), claims = text(body), now = Date.now() / 1000;
  if (!['RS384', 'ES384'].includes(alg) || typ !== 'JWT' || kid !== 'k1') return 'header';
  if (!crypto.verify('sha384', Buffer.from(`${head}.${body}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) return 'signature';
  if (claims.iss !== clientId || claims.sub !== clientId || claims.aud !== endpoint) return 'claims';
  if (!(claims.exp > now && claims.exp <= now + 301) || seen.has(claims.jti)) return 'time';
  seen.add(claims.jti);
  return null;
}

// Start it on a free port; the object says what was asked of it, and its members change what it does.
async function start(bundle, { publicKey, clientId }) {
  const app = express();
  const world = { tokens: new Set(), asked: [], refused: [], seen: new Set(), signIns: 0, publicKey, clientId, life: 300, next: null, endless: false };
  app.use((req, res, next) => { world.asked.push({ url: req.originalUrl, authorization: req.get('authorization') }); next(); });
  app.get(`${BASE}/.well-known/smart-configuration`, (req, res) => res.json({ token_endpoint: world.endpoint, grant_types_supported: ['client_credentials'] }));
  app.post('/token', express.urlencoded({ extended: false }), (req, res) => {
    const { grant_type, scope, client_assertion_type, client_assertion } = req.body;
    const why = grant_type !== 'client_credentials' || scope !== 'system/*.rs' ||
      client_assertion_type !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' ? 'form' : check(client_assertion, world);
    if (why) {
      world.refused.push(why);
      return res.status(400).json({ error: 'invalid_client' });
    }
    const token = crypto.randomBytes(24).toString('base64url');
    world.tokens.add(token);
    world.signIns++;
    return res.json({ access_token: token, token_type: 'bearer', expires_in: world.life, scope });
  });
  app.use((req, res, next) => {
    const token = (req.get('authorization') ?? '').replace(/^Bearer /, '');
    if (clientId === undefined || world.tokens.has(token) || req.path.endsWith('/metadata')) return next();
    return res.status(401).json({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'login' }] });
  });
  const { id: patient } = bundle.entry.map((e) => e.resource).find((r) => r.resourceType === 'Patient');
  const service = {
    async everything({ id }, { req }) {
      if (id !== patient) throw new fhir.ServerError('no such patient', { statusCode: 404, issue: [{ severity: 'error', code: 'not-found' }] });
      const page = Number(new URL(req.originalUrl, world.origin).searchParams.get('page') ?? 0);
      const entry = world.endless ? [] : bundle.entry.slice(page * PAGE, (page + 1) * PAGE);
      const link = [{ relation: 'self', url: `${world.origin}${req.originalUrl}` }];
      if ((page + 1) * PAGE < bundle.entry.length || world.endless) {
        link.push({ relation: 'next', url: world.next ?? `${world.base}/Patient/${id}/$everything?page=${world.endless ? 0 : page + 1}` });
      }
      return { resourceType: 'Bundle', type: 'searchset', link, entry, toJSON() { return { resourceType: 'Bundle', type: 'searchset', link, entry }; } };
    },
  };
  fhir.initialize({
    profiles: { Patient: { service, versions: ['4_0_1'], operation: [{ name: 'everything', route: '/:id/$everything', method: 'GET' }] } },
    logging: { level: 'error' },
  }, app);
  world.server = await new Promise((resolve) => { const server = app.listen(0, '127.0.0.1', () => resolve(server)); });
  world.origin = `http://127.0.0.1:${world.server.address().port}`;
  world.base = world.origin + BASE;
  world.endpoint = `${world.origin}/token`;
  world.patient = patient;
  return world;
}

module.exports = { start };
