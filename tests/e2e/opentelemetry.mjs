// What the example opentelemetry would hand to a collector, read by OpenTelemetry's own description of it.
import {createRequire} from 'node:module';
import {execFileSync} from 'node:child_process';
import assert from 'node:assert/strict';
import {parseArgs} from 'node:util';

const {values} = parseArgs({options: {program: {type: 'string'}, server: {type: 'string'}}});
// Made from opentelemetry-proto; where it lies is the package's own business, and its version is fixed.
const proto = createRequire(import.meta.url)('@opentelemetry/otlp-transformer/build/src/generated/root.js').opentelemetry.proto;
const Request = proto.collector.trace.v1.ExportTraceServiceRequest;

// The rules that this JSON has beside those of Protobuf (OTLP specification, "JSON Protobuf Encoding").
const bytes = (id, length) => {
  assert.match(id, new RegExp(`^[0-9a-f]{${2 * length}}$`), 'ids are hexadecimal, not Base64');
  assert.match(id, /[1-9a-f]/, 'an id of zeros is none');
  return Buffer.from(id, 'hex');
};
function read(body) {
  const json = JSON.parse(body), request = structuredClone(json);
  for (const {scopeSpans} of request.resourceSpans)
    for (const {spans} of scopeSpans)
      for (const span of spans) {
        span.traceId = bytes(span.traceId, 16);
        span.spanId = bytes(span.spanId, 8);
        if ('parentSpanId' in span) span.parentSpanId = bytes(span.parentSpanId, 8);
        for (const time of ['startTimeUnixNano', 'endTimeUnixNano']) assert.match(span[time], /^[0-9]{19}$/, 'a decimal string');
        assert.equal(typeof span.kind, 'number', 'enumerators are numbers');
      }
  const problem = Request.verify(Request.fromObject(request));
  assert.equal(problem, null);
  // What the description does not know is dropped on the way.
  const known = Request.toObject(Request.fromObject(request), {longs: String, json: true, arrays: false});
  const plain = (value) => JSON.parse(JSON.stringify(value, (key, each) => each?.type === 'Buffer' ? Buffer.from(each.data).toString('hex') : each));
  const bare = (value) => JSON.parse(JSON.stringify(value, (key, each) => Array.isArray(each) && each.length === 0 ? undefined : each));
  assert.deepEqual(bare(plain(known)), bare(json));
  return json.resourceSpans.flatMap((each) => each.scopeSpans).flatMap((each) => each.spans);
}

const [line, body] = execFileSync(values.program, ['https://collector.example:4318'], {encoding: 'utf8'}).split('\n');
assert.equal(line, 'POST https://collector.example:4318/v1/traces');
const spans = read(body);
const names = spans.map((span) => span.name.replace('phoneauth.', ''));
assert.deepEqual(names, ['sent', 'started', 'provider', 'confirmed', 'registered', 'sent', 'started', 'provider', 'wrong_code', 'confirmed', 'logged_in', 'provider_error', 'provider']);
assert.equal(new Set(spans.map((span) => span.spanId)).size, spans.length);

const of = (name) => spans.filter((span, i) => names[i] === name);
const told = (span) => Object.fromEntries(span.attributes.map(({key, value}) => [key, value.stringValue ?? value.intValue]));
// A login is one trace, and the time that the provider took is inside.
const [, login] = of('started'), [, provider] = of('provider'), [entered] = of('logged_in');
assert.equal(entered.traceId, login.traceId);
assert.equal(provider.parentSpanId, login.spanId);
assert.equal(provider.traceId, login.traceId);
assert.notEqual(of('registered')[0].traceId, login.traceId);
for (const span of spans) assert.ok(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano), span.name);
assert.deepEqual(spans.map((span) => span.kind).filter((kind, i) => names[i] === 'provider'), [3, 3, 3]);
assert.equal(told(login)['phoneauth.calling_code'], '44');
assert.equal(told(of('wrong_code')[0])['error.type'], 'wrong_code');
assert.equal(told(of('provider_error')[0])['error.type'], 'provider_unreachable');
assert.deepEqual(spans.filter((span) => span.status?.code === 2).map((span) => span.name), ['phoneauth.provider_error']);
assert.equal(told(entered)['user.hash'], told(of('registered')[0])['user.hash']);
// Nothing of people is in it, and nothing that strangers write.
for (const part of ['400123456', '7400', '3456', '198.51.100.7', 'curl']) assert.ok(!body.includes(part), part);
for (const digits of body.replace(/"(?:traceId|spanId|parentSpanId)":"\w+"|"\w+TimeUnixNano":"\d+"|"stringValue":"[0-9a-f]{32}"/g, '').matchAll(/\d{6,}/g)) assert.fail(`what is ${digits[0]}?`);
console.log('PASS  spans as OpenTelemetry describes them');
