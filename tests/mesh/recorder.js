// Servers that stand between the gateway and the leaves: each notes what it is sent, and passes it on to the real one or lets it hang.
'use strict';
const path = require('node:path');
const { PROTO, load, grpc } = require('./mesh');

const WHOLE = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

// The rest of the call at the real service: under the same deadline and trace, and cancelled with it.
function passOn(real, call, reply, noted) {
  const metadata = new grpc.Metadata();
  if (noted.traceparent) metadata.set('traceparent', noted.traceparent);
  const onEnd = (error, message) => {
    noted.answered = true;
    if (reply) reply(error, message);
    else if (error) call.destroy(error);
  };
  const onward = real[noted.method](call.request, metadata, { deadline: noted.deadline }, ...(reply ? [onEnd] : []));
  call.on('cancelled', () => onward.cancel());
  if (reply) return;
  onward.on('end', onEnd).on('error', onEnd);
  onward.pipe(call);
}

// A recorder of @name. Each call goes into @seen when it arrives: { service, method, request, deadline, traceparent }, with `answered` once the
// real service has, or else `cancelled`, the time at which the recorder was told of the end. @hangs says of a call whether it is to hang.
function record(mesh, name, seen, hangs = () => false) {
  const service = name.toLowerCase();
  const definition = load(path.join(PROTO, `consilium/v1/${service}.proto`)).consilium.v1[name];
  const real = new definition(mesh.address(service), mesh.credentials, WHOLE);
  const server = new grpc.Server(WHOLE);
  const handle = (method) => (call, reply) => {
    const noted = { service, method, request: call.request, deadline: Number(call.getDeadline()), traceparent: call.metadata.get('traceparent')[0] };
    seen.push(noted);
    // grpc-js says so of every call that is over, of answered ones too.
    call.on('cancelled', () => { if (!noted.answered) noted.cancelled ??= Date.now(); });
    if (!hangs(noted)) passOn(real, call, reply, noted);
  };
  server.addService(definition.service, Object.fromEntries(Object.keys(definition.service).map((method) => [method, handle(method)])));
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => (error ? reject(error)
      : resolve({ flag: `--${service}=127.0.0.1:${port}`, stop: () => { server.forceShutdown(); real.close(); } })));
  });
}

module.exports = { record };
