import { tracingChannel } from 'node:diagnostics_channel';
import { context, propagation, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Database } from 'kingbase-native';

const resource = resourceFromAttributes({ 'service.name': 'rest-service' });

/** The database's metrics as text for Prometheus. */
export function recordMetrics(db: Database): { text(): Promise<string>; stop(): Promise<void> } {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ resource, readers: [exporter] });
  db.recordMetrics(provider.getMeter('kingbase-native'));
  const serializer = new PrometheusSerializer();
  return {
    text: async () => serializer.serialize((await exporter.collect()).resourceMetrics),
    stop: () => provider.shutdown(),
  };
}

/**
 * Traces go where OTEL_EXPORTER_OTLP_ENDPOINT says, by OTLP; nothing is traced without it. Each request is a span, a child of
 * the caller's (traceparent), and each statement a child of its request.
 */
export function recordTraces(app: FastifyInstance): { stop(): Promise<void> } {
  const endpoint = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (endpoint === undefined) return { stop: () => Promise.resolve() };
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const tracer = provider.getTracer('rest-service');

  const requests = new WeakMap<FastifyRequest, Span>();
  app.addHook('onRequest', (request, _reply, done) => {
    const caller = propagation.extract(context.active(), request.headers);
    // The route and not the path: one name for all items.
    const title = `${request.method} ${request.routeOptions.url ?? ''}`.trim();
    const span = tracer.startSpan(title, { kind: SpanKind.SERVER }, caller);
    requests.set(request, span);
    context.with(trace.setSpan(caller, span), done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const span = requests.get(request);
    span?.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
    done();
  });

  const statements = new WeakMap<object, Span>();
  const subscriber = {
    start(message: Record<string, unknown>): void {
      const { 'db.query.summary': title = 'kingbase' } = message as { 'db.query.summary'?: string };
      statements.set(message, tracer.startSpan(title, { kind: SpanKind.CLIENT }));
    },
    error(message: Record<string, unknown>): void {
      statements.get(message)?.setStatus({ code: SpanStatusCode.ERROR });
    },
    asyncEnd(message: Record<string, unknown>): void {
      const named = Object.entries(message).filter(
        ([key, value]) => key.includes('.') && ['string', 'number'].includes(typeof value),
      ) as [string, string | number][];
      statements.get(message)?.setAttributes(Object.fromEntries(named)).end();
    },
    end(): void {
      // The call has begun to wait.
    },
    asyncStart(): void {
      // It goes on.
    },
  };
  const channel = tracingChannel<unknown, Record<string, unknown>>('kingbase:query');
  channel.subscribe(subscriber);

  return {
    stop: async () => {
      channel.unsubscribe(subscriber);
      await provider.shutdown();
      context.disable();
      propagation.disable();
    },
  };
}
