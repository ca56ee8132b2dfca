#!/usr/bin/env python3
"""The scorer against a second one that shares no line with it: the levels wholly, overlap, exact and token, written again here from
their definitions in docs/deidentification.md, over Unicode's own classes of characters.

  consilium deid < GOLD.jsonl > PREDICTED.jsonl
  tests/golden/deid_scores_check.py CONSILIUM GOLD.jsonl PREDICTED.jsonl [--presidio FOLDER]

With --presidio, the folder of a checkout of microsoft/presidio-research, its SpanEvaluator is run on the same spans as well (it needs
python3-pandas; spaCy is not needed: its tokens are imitated here)."""
import json
import re
import subprocess
import sys
import unicodedata


def is_letter(c):
    return unicodedata.category(c)[0] in 'LMN' or (not c.isascii() and unicodedata.category(c)[0] == 'S')


def load(path):
    with open(path, encoding='utf-8') as file:
        return [json.loads(line) for line in file if line.strip()]


def needs(program, gold):
    """What each label means is the program's own table, by label; by span where the text decides."""
    report = json.loads(subprocess.run([program, 'deid', 'score', '--json', gold], check=True, capture_output=True).stdout)
    return report


def need_of(span, text, rows):
    said = span.get('safe_harbor')
    if said:
        return {'yes': 'go', 'no': 'stay'}.get(said, 'open')
    row = rows[span['label']]
    kinds = [kind for kind in ('go', 'open', 'stay') if row[kind]['n'] > 0]
    if len(kinds) == 1:
        return kinds[0]
    inside = text[span['start']:span['end']].strip()
    if row['class'] == 'DATE':  # a year alone, or an age under ninety, is open
        number = re.search(r'\d+', inside)
        if re.fullmatch(r'[12]\d{3}', inside) or ('AGE' in span['label'] and (not number or int(number[0]) < 90)):
            return 'open'
    return 'go'


def share(hits, n):
    return hits / n if n else None


def score(gold, predicted, rows):
    count = {level: [0, 0, 0, 0] for level in ('wholly', 'overlap', 'exact', 'token')}  # found, wanted, right, reported
    found_of = {str(row['id']): row['spans'] for row in predicted}
    for document in gold:
        text = document['text']
        letters = {i for i, c in enumerate(text) if is_letter(c)}
        cover = lambda span: {i for i in range(span['start'], span['end'])} & letters
        spans = [(need_of(span, text, rows), cover(span)) for span in document['spans']]
        found = [cover(span) for span in found_of[str(document['id'])]]
        gone = set().union(*found) if found else set()
        go = set().union(*[s for n, s in spans if n == 'go'])
        undecided = set().union(*[s for n, s in spans if n == 'open'])
        ends = {(min(s), max(s)) for n, s in spans if n == 'go' and s}
        for need, inside in spans:
            if need != 'go':
                continue
            for level, hit in (('wholly', inside <= gone), ('overlap', bool(inside & gone)),
                               ('exact', any(f and (min(f), max(f)) == (min(inside), max(inside)) for f in found))):
                count[level][0] += hit
                count[level][1] += 1
        for f in found:
            right = bool(f & go)
            if not right and f & undecided:
                continue
            for level, hit in (('wholly', right), ('overlap', right), ('exact', bool(f) and (min(f), max(f)) in ends)):
                count[level][2] += hit
                count[level][3] += 1
        token = set()
        for i in range(len(text) + 1):
            if i in letters:
                token.add(i)
                continue
            if token & go:
                count['token'][0] += token <= gone
                count['token'][1] += 1
            if token & gone and (token & go or not token & undecided):
                count['token'][2] += bool(token & go)
                count['token'][3] += 1
            token = set()
    return {level: (share(c[0], c[1]), share(c[2], c[3])) for level, c in count.items()}


def tokens_like_spacy(text):
    """Words as spaCy's English tokenizer parts them, nearly: by blanks, then marks off both ends, dashes between letters, and 's."""
    abbreviations = re.compile(r'(?:[A-Za-z]\.)+|(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|Inc|Ltd|Co|Corp|Prof|Gen|Rev|Ave|vs|etc)\.')
    tokens = []

    def part(start, end):
        tail = []
        while start < end and text[start] in '([{<>_"\'“‘*#$&,.:;!?/-+' and not re.match(r'[-+.]\d', text[start:end]):
            tokens.append((start, start + 1))
            start += 1
        while start < end:
            word = text[start:end]
            if re.fullmatch(r'https?://\S*[\w/]|\S+@\S+\w', word) or abbreviations.fullmatch(word):
                break
            size = 2 if re.search(r"'s$|’s$", word) else 1 if word[-1] in ')]}>"\'”’,.:;!?*/-' else 0
            if size == 0:
                break
            tail.append((end - size, end))
            end -= size
        at = start
        if not re.match(r'\S+@\S+|https?:', text[start:end]):
            for mark in re.finditer(r'(?<=[A-Za-z])[-–—](?=[A-Za-z])|(?<=[A-Za-z])/(?=[A-Za-z])|(?<=[a-z])\.(?=[A-Z])|(?<=[A-Za-z]),(?=[A-Za-z])', text[start:end]):
                if start + mark.start() > at:
                    tokens.append((at, start + mark.start()))
                tokens.append((start + mark.start(), start + mark.end()))
                at = start + mark.end()
        if at < end:
            tokens.append((at, end))
        tokens.extend(reversed(tail))

    for chunk in re.finditer(r'\S+|\s{1,}', text):
        if not chunk[0].isspace():
            part(*chunk.span())
        elif chunk[0] != ' ':
            tokens.append((chunk.start() + (chunk[0][0] == ' '), chunk.end()))
    return tokens


def presidio(folder, gold, predicted, threshold):
    """Its SpanEvaluator, on tags of our tokens; what it imports and does not use here is stood in for."""
    import types
    import warnings
    warnings.simplefilter('ignore')

    def module(name, **members):
        made = sys.modules[name] = types.ModuleType(name)
        made.__dict__.update(members)
        return made

    stop = re.search(r'"""(.*?)"""', open(f'{folder}/stop_words.py', encoding='utf-8').read(), re.S)[1].split() if stop_words(folder) else []
    any_class = type('Any', (), {})
    module('presidio_analyzer', AnalyzerEngine=any_class)
    module('spacy', Language=any_class, load=None)
    module('spacy.tokens', Token=any_class, Doc=any_class, DocBin=any_class)
    module('spacy.training', iob_to_biluo=None)
    module('spacy.lang')
    module('spacy.lang.en')
    module('spacy.lang.en.stop_words', STOP_WORDS=set(stop))
    module('tqdm', tqdm=None)
    package = module('presidio_evaluator')
    package.__path__ = [f'{folder}/presidio_evaluator']
    module('presidio_evaluator.models', BaseModel=any_class, PresidioAnalyzerWrapper=any_class)
    import importlib
    package.span_to_tag = importlib.import_module('presidio_evaluator.span_to_tag').span_to_tag
    package.tokenize = None
    package.InputSample = importlib.import_module('presidio_evaluator.data_objects').InputSample
    evaluation = module('presidio_evaluator.evaluation')
    evaluation.__path__ = [f'{folder}/presidio_evaluator/evaluation']
    for name, members in (('model_error', ['ModelError', 'ErrorType']), ('evaluation_result', ['EvaluationResult']), ('base_evaluator', ['BaseEvaluator'])):
        part = importlib.import_module(f'presidio_evaluator.evaluation.{name}')
        for member in members:
            setattr(evaluation, member, getattr(part, member))
    evaluator = importlib.import_module('presidio_evaluator.evaluation.span_evaluator').SpanEvaluator(model=None, iou_threshold=threshold)

    class Word:
        def __init__(self, start, text):
            self.idx, self.text = start, text

    def tags(document, words, spans):
        spans = [span for span in spans]
        return package.span_to_tag(scheme='IO', text=document['text'], starts=[s['start'] for s in spans], ends=[s['end'] for s in spans],
                                   tags=['PII'] * len(spans), tokens=words)

    found_of = {str(row['id']): row['spans'] for row in predicted}
    results = []
    for document in gold:
        words = [Word(a, document['text'][a:b]) for a, b in tokens_like_spacy(document['text'])]
        results.append(evaluation.EvaluationResult(tokens=[w.text for w in words], actual_tags=tags(document, words, document['spans']),
                                                   predicted_tags=tags(document, words, found_of[str(document['id'])]),
                                                   start_indices=[w.idx for w in words]))
    result = evaluator.calculate_score(results)
    as_it_is = result.pii_recall, result.pii_precision, result.pii_f
    # It looks between two spans of a sentence by rows of the whole table, finds none, and so joins whatever a sentence has. As described:
    compare = type(evaluator)._compare_one_sentence
    type(evaluator)._compare_one_sentence = lambda self, sentence_df, **rest: compare(self, sentence_df=sentence_df.reset_index(drop=True), **rest)
    result = evaluator.calculate_score(results)
    return as_it_is, (result.pii_recall, result.pii_precision, result.pii_f)


def stop_words(folder):
    import os
    return os.path.exists(f'{folder}/stop_words.py')


def main():
    program, gold_path, predicted_path = sys.argv[1:4]
    report = json.loads(subprocess.run([program, 'deid', 'score', '--json', gold_path, predicted_path], check=True, capture_output=True).stdout)
    gold, predicted = load(gold_path), load(predicted_path)
    ours = score(gold, predicted, {row['label']: row for row in report['labels']})
    worst = 0.0
    print(f"{'level':8} {'recall':>18} {'precision':>18}     consilium / this script")
    for level, values in ours.items():
        theirs = [(report['all'][level][key] or [None])[0] for key in ('recall', 'precision')]
        pairs = list(zip(theirs, values))
        worst = max([worst] + [abs(a - b) for a, b in pairs if a is not None and b is not None])
        print(f'{level:8} ' + ' '.join(f'{a:.5f} / {b:.5f} ' if a is not None and b is not None else f"{'-':>18}" for a, b in pairs))
    print(f'largest difference: {worst:.6f}')
    if len(sys.argv) == 6 and sys.argv[4] == '--presidio':
        all_share = report['all']['share']
        mine = [all_share[key][0] for key in ('recall', 'precision', 'f2')]
        as_it_is, as_described = presidio(sys.argv[5], gold, predicted, 0.7)
        for who, figures in (('consilium', mine), ('presidio-research, rows of a sentence', as_described), ('presidio-research, as it is', as_it_is)):
            print('share    %-38s recall %.4f precision %.4f F2 %.4f' % (who, *figures))
    return worst > 1e-4


if __name__ == '__main__':
    sys.exit(main())
