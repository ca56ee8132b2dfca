// An OpenTelemetry collector that keeps what it is sent, read with OpenTelemetry's own decoder.
'use strict';
const grpc = require('@grpc/grpc-js');
const root = require('@opentelemetry/otlp-transformer/build/src/generated/root');

const { ExportTraceServiceRequest, ExportTraceServiceResponse } = root.opentelemetry.proto.collector.trace.v1;
const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');

class Collector {
  spans = [];
  bytes = [];

  start(port = 0, credentials = grpc.ServerCredentials.createInsecure()) {
    this.server = new grpc.Server();
    this.server.addService({ Export: { path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export', requestStream: false, responseStream: false,
      requestDeserialize: (bytes) => bytes, responseSerialize: (bytes) => bytes } }, {
      Export: (call, done) => {
        this.take(call.request);
        done(null, Buffer.from(ExportTraceServiceResponse.encode({}).finish()));
      },
    });
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
  }

  take(bytes) {
    this.bytes.push(bytes);
    for (const { resource, scopeSpans } of ExportTraceServiceRequest.decode(bytes).resourceSpans) {
      const service = resource.attributes.find((pair) => pair.key === 'service.name').value.stringValue;
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
        this.spans.push({ service, name: span.name, kind: span.kind, trace: hex(span.traceId), id: hex(span.spanId), parent: hex(span.parentSpanId),
          start: BigInt(span.startTimeUnixNano), end: BigInt(span.endTimeUnixNano), code: span.status?.code ?? 0 });
      }
    }
  }

  // The spans of a trace, once there are as many as @enough wants.
  async trace(id, enough, ms = 20000) {
    const end = Date.now() + ms;
    for (;;) {
      const found = this.spans.filter((span) => span.trace === id);
      if (enough(found)) return found;
      if (Date.now() > end) throw new Error(`the trace has ${found.map((span) => span.name).join(', ') || 'no span'}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

module.exports = { Collector };
