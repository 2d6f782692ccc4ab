#!/usr/bin/env python3
"""Shows what sharing.sh has measured: sharing.py FOLDER. Prints tables in Markdown; writes sharing.csv, a row per training,
bytes.svg and disagreement.svg into the folder."""

import csv
import html
import json
import math
import os
import statistics
import sys

ENVIRONMENTS = ["CartPole-v1", "Acrobot-v1", "Pendulum-v1", "CartPoleSwingUp-v0"]
MEASURES = ["steps", "seconds", "solved", "solved_step", "solved_seconds", "last_mean_return", "steps_per_second", "staleness_mean",
            "lost_updates", "bytes_per_step", "time_sharing", "disagreement", "block_share"]
COLORS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd"]


def reports(path, name):
    """The pairs of step and value of a column of progress.csv; none where there is no such column."""
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row.get(name):
                yield float(row["time/total_timesteps"]), float(row[name])


def time_sharing(path):
    """The share of the workers' time that they fetch and give in: the mean over the reports."""
    phases = [dict(reports(path, "time/" + phase)) for phase in ("share", "environment", "forward", "learn")]
    parts = [sharing / whole for sharing, whole in ((phases[0][step], sum(phase[step] for phase in phases)) for step in phases[0])
             if whole > 0]
    return statistics.fmean(parts) if parts else None


class Measured:
    """The trainings of a folder: read(table, environment, delay, row, kind) is a list of summaries, a seed each."""

    def __init__(self, folder):
        self.folder = folder

    def rows(self, table):
        path = os.path.join(self.folder, table + ".rows")
        return open(path, encoding="utf-8").read().splitlines() if os.path.exists(path) else []

    def delays(self, table, environment):
        path = os.path.join(self.folder, table, environment)
        return sorted(os.listdir(path), key=int) if os.path.isdir(path) else []

    def read(self, table, environment, delay, row, kind):
        path = os.path.join(self.folder, table, environment, delay, row)
        found = []
        for name in sorted(os.listdir(path), key=lambda name: int(name.split(".")[0])) if os.path.isdir(path) else []:
            if name.endswith(kind + ".json"):
                with open(os.path.join(path, name), encoding="utf-8") as file:
                    summary = json.load(file)
                summary["reports"] = os.path.join(path, name[:-len("json")] + "csv")
                summary["time_sharing"] = time_sharing(summary["reports"])
                values = [value for _, value in reports(summary["reports"], "share/disagreement")]
                if values:
                    summary["disagreement"] = statistics.fmean(values)
                found.append(summary)
        return found


def shown(summaries, key, form, factor=1):
    """Median (least to most) of a measure; none at all: empty; one that was not reached counts as infinite."""
    if not any(key in summary for summary in summaries):
        return ""
    values = [math.inf if summary[key] is None else factor * summary[key] for summary in summaries if key in summary]
    texts = ["-" if math.isinf(value) else format(value, form) for value in (statistics.median(values), min(values), max(values))]
    return texts[0] if len(values) == 1 else "%s (%s to %s)" % tuple(texts)


def solved(summaries):
    return "%d of %d" % (sum(summary["solved"] for summary in summaries), len(summaries))


def print_table(columns, rows):
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def compare_schemes(measured):
    for environment in ENVIRONMENTS:
        for delay in measured.delays("schemes", environment):
            print("%s, %s:\n" % (environment, "all workers alike" if delay == "0" else
                                 "worker 0 loses %s microseconds after each step" % delay))
            rows = []
            for name in measured.rows("schemes"):
                score = measured.read("schemes", environment, delay, name, "score")
                free = measured.read("schemes", environment, delay, name, "free")
                if not score:
                    continue
                if score[0]["reward_threshold"] is None:
                    columns = ["final return"]
                    cells = [shown(score, "last_mean_return", ",.0f")]
                else:
                    columns = ["solved", "steps", "seconds"]
                    cells = [solved(score), shown(score, "solved_step", ",.0f"), shown(score, "solved_seconds", ".2f")]
                rows.append([name] + cells + [
                    shown(free, "steps_per_second", ",.0f"), shown(free, "staleness_mean", ".2f"),
                    shown(free, "lost_updates", ".2f", 100), shown(free, "bytes_per_step", ",.0f"),
                    shown(free, "time_sharing", ".0f", 100), shown(free, "disagreement", ".4f")])
            print_table(["scheme"] + columns + ["steps per second", "staleness", "lost, %", "bytes per step", "sharing, %",
                                                 "disagreement"], rows)


def compare_pushes(measured):
    """Returns the curves of steps to solve over bytes per step."""
    curves = {}
    rows = []
    for environment in ENVIRONMENTS:
        for every in measured.rows("pushes"):
            score = measured.read("pushes", environment, "0", every, "score")
            if not score:
                continue
            rows.append([environment, every, solved(score), shown(score, "solved_step", ",.0f"),
                         shown(score, "bytes_per_step", ",.0f")])
            reached = [math.inf if summary["solved_step"] is None else summary["solved_step"] for summary in score]
            if statistics.median(reached) < math.inf:
                curves.setdefault(environment, []).append(
                    (statistics.median(summary["bytes_per_step"] for summary in score), statistics.median(reached), every))
    if rows:
        print("What a server gains and loses by pushing and fetching less often:\n")
        print_table(["environment", "push and fetch every", "solved", "steps", "bytes per step"], rows)
    return curves


def compare_neurons(measured):
    rows = []
    for name in measured.rows("neurons"):
        score = measured.read("neurons", "CartPole-v1", "0", name, "score")
        if score:
            rows.append([name, solved(score), shown(score, "solved_step", ",.0f"), shown(score, "block_share", ".3f"),
                         shown(score, "lost_updates", ".2f", 100), shown(score, "bytes_per_step", ",.0f")])
    if rows:
        print("Neurons at different rates, CartPole-v1, at most 3,000,000 steps:\n")
        print_table(["neurons per update", "solved", "steps", "share of an update", "lost, %", "bytes per step"], rows)


def disagreements(measured):
    """For each way that peers talk, the curve of their disagreement over the steps: the median over the seeds."""
    curves = {}
    for environment in ENVIRONMENTS:
        for name in measured.rows("peers"):
            seeds = [list(reports(summary["reports"], "share/disagreement"))
                     for summary in measured.read("peers", environment, "0", name, "free")]
            # The reports of all seeds are at nearly the same steps.
            points = [(statistics.median(step for step, _ in point), statistics.median(value for _, value in point), "")
                      for point in zip(*seeds)]
            if points:
                curves.setdefault(environment, {})[name] = points
    return curves


def ticks(low, high, logarithmic):
    if logarithmic:
        found = [factor * 10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
                 for factor in ((1, 2, 5) if high / low < 100 else (1,))]
    else:
        step = 10.0**math.floor(math.log10(max(high - low, 1e-9) / 2))
        found = [step * number for number in range(math.floor(low / step), math.ceil(high / step) + 1)]
    return [value for value in found if low <= value <= high]


def picture(path, title, across, up, curves, logarithmic):
    """Writes a picture of curves, each a list of (x, y, label). `logarithmic`: whether each axis is."""
    width, height, left, right, top, bottom = 640, 400, 80, 40, 54, 50
    scale = [math.log10 if log else float for log in logarithmic]
    points = [[(x, y, label) for x, y, label in curve if not (logarithmic[1] and y <= 0)] for curve in curves.values()]
    bounds = [(min(point[axis] for curve in points for point in curve), max(point[axis] for curve in points for point in curve))
              for axis in (0, 1)]
    bounds = [(low / 1.2, high * 1.2) if log else (min(low, 0), high) for (low, high), log in zip(bounds, logarithmic)]

    def place(axis, value):
        low, high = (scale[axis](bound) for bound in bounds[axis])
        share = (scale[axis](value) - low) / (high - low)
        return left + share * (width - left - right) if axis == 0 else height - bottom - share * (height - top - bottom)

    lines = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">' % (width, height),
             '<rect width="100%" height="100%" fill="white"/>',
             '<text x="%d" y="20" font-size="14">%s</text>' % (left, html.escape(title)),
             '<text x="%d" y="%d" text-anchor="middle">%s</text>' % ((left + width - right) / 2, height - 12, html.escape(across)),
             '<text transform="translate(16 %d) rotate(-90)" text-anchor="middle">%s</text>' % ((top + height - bottom) / 2,
                                                                                              html.escape(up))]
    for value in ticks(*bounds[0], logarithmic[0]):
        lines.append('<path d="M%.1f %d V%d" stroke="#ddd"/>' % (place(0, value), top, height - bottom))
        lines.append('<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (place(0, value), height - bottom + 16, format(value, ",g")))
    for value in ticks(*bounds[1], logarithmic[1]):
        lines.append('<path d="M%d %.1f H%d" stroke="#ddd"/>' % (left, place(1, value), width - right))
        lines.append('<text x="%d" y="%.1f" text-anchor="end">%s</text>' % (left - 6, place(1, value) + 4, format(value, ",g")))
    for curve, color in zip(points, COLORS):
        lines.append('<polyline fill="none" stroke="%s" stroke-width="1.5" points="%s"/>' % (
            color, " ".join("%.1f,%.1f" % (place(0, x), place(1, y)) for x, y, _ in curve)))
        for x, y, label in curve:
            if label:
                lines.append('<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (place(0, x), place(1, y), color))
                lines.append('<text x="%.1f" y="%.1f">%s</text>' % (place(0, x) + 5, place(1, y) - 5, html.escape(label)))
    lines.append('<text x="%d" y="42">%s</text>' % (left, " ".join(
        '<tspan fill="%s" dx="12">%s</tspan>' % (color, html.escape(name)) for name, color in zip(curves, COLORS))))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines + ["</svg>\n"]))


def write_csv(measured, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["table", "environment", "straggler_delay", "row", "training", "seed", "workers"] + MEASURES)
        for table in ("schemes", "pushes", "neurons", "peers"):
            for environment in ENVIRONMENTS:
                for delay in measured.delays(table, environment):
                    for name in measured.rows(table):
                        for kind in ("score", "free"):
                            for summary in measured.read(table, environment, delay, name, kind):
                                values = [summary.get(measure) for measure in MEASURES]
                                rows.writerow([table, environment, delay, name, kind, summary["seed"], summary["workers"]] +
                                              ["" if value is None else str(value).lower() for value in values])


def main():
    folder = sys.argv[1]
    measured = Measured(folder)
    compare_schemes(measured)
    curves = compare_pushes(measured)
    compare_neurons(measured)
    write_csv(measured, os.path.join(folder, "sharing.csv"))
    if curves:
        picture(os.path.join(folder, "bytes.svg"), "Pushing and fetching every n rollouts", "bytes per step", "steps to solve",
                curves, (True, True))
    for environment, by_name in disagreements(measured).items():
        picture(os.path.join(folder, "disagreement-%s.svg" % environment), "%s, four peers" % environment, "steps",
                "distance to the mean", by_name, (False, True))


if __name__ == "__main__":
    main()
