/** Tracing as a program sets it up: all spans are recorded and handed in batches to an exporter, which drops them. */
import { tracingChannel } from 'node:diagnostics_channel';
import { context, SpanKind, SpanStatusCode, trace, type Context, type Span } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode } from '@opentelemetry/core';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';

export interface Tracing {
  /** Does the work within a span. */
  within<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Spans of clients that have ended, and had a parent. */
  children(): number;
}

/** Clients that are opened from now on are traced: pg by its instrumentation, kingbase-native by its channel. */
export async function startTracing(): Promise<Tracing> {
  let children = 0;
  const exporter: SpanExporter = {
    export: (_spans, done) => done({ code: ExportResultCode.SUCCESS }),
    shutdown: () => Promise.resolve(),
  };
  const batches = new BatchSpanProcessor(exporter);
  const provider = new BasicTracerProvider({
    spanProcessors: [
      {
        onStart: (span, parent) => batches.onStart(span, parent),
        onEnd: (span) => {
          if (span.kind === SpanKind.CLIENT && span.parentSpanContext) children++;
          batches.onEnd(span);
        },
        forceFlush: () => batches.forceFlush(),
        shutdown: () => batches.shutdown(),
      },
    ],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  traceKingbase();
  const { PgInstrumentation } = await import('@opentelemetry/instrumentation-pg');
  new PgInstrumentation().setTracerProvider(provider);

  const tracer = trace.getTracer('program');
  return {
    within: (title, work) =>
      tracer.startActiveSpan(title, async (span) => {
        try {
          return await work();
        } finally {
          span.end();
        }
      }),
    children: () => children,
  };
}

interface Message extends Record<string, unknown> {
  error?: unknown;
  traceContext?: Context;
}

/** The subscriber of docs/observability.md. */
function traceKingbase(): void {
  const tracer = trace.getTracer('kingbase-native');
  const spans = new WeakMap<object, Span>();
  const ignore = (): void => undefined;
  tracingChannel<unknown, Message>('kingbase:query').subscribe({
    start(message: Message) {
      const parent = message.traceContext ?? context.active();
      const title = (message['db.query.summary'] as string | undefined) ?? 'kingbase:query';
      spans.set(message, tracer.startSpan(title, { kind: SpanKind.CLIENT }, parent));
    },
    error(message) {
      spans.get(message)?.setStatus({ code: SpanStatusCode.ERROR, message: String(message.error) });
    },
    asyncEnd(message) {
      const named = Object.entries(message).filter(([key]) => key.includes('.'));
      spans
        .get(message)
        ?.setAttributes(Object.fromEntries(named) as Record<string, string>)
        .end();
    },
    end: ignore,
    asyncStart: ignore,
  });
}
