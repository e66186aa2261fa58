"""`assistant eval` and `assistant eval init`.

Cheap to import, because `--help` loads it.
"""

import typer

from assistant.cli import options
from assistant.cli.options import examples
from assistant.cli.running import check_prices, opened, settings

app = typer.Typer(invoke_without_command=True, rich_markup_mode=None)


@app.command(epilog=examples("eval init --corpus my-articles/ --gold my/gold.jsonl"))
def init(
    gold: options.Gold = None,
    count: options.Count = 20,
    add: options.Add = False,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Write a first gold file: draft questions to edit, with floors beside it.

    Existing files are not overwritten.
    """
    from assistant.evaluation.gold.cases import stored_articles
    from assistant.evaluation.gold.first_gold import FLOORS, add_drafts, write_first_gold
    from assistant.evaluation.harness import GOLD
    from assistant.terminal.render import notice

    path = gold or GOLD
    with opened(settings(corpus=corpus, index=index), encoders=False) as news:
        articles = stored_articles(news.catalogue)
        if add:
            notice(f"{options.counted(add_drafts(path, articles, count), 'draft')} added to {path}")
            return
        drafts = write_first_gold(path, articles, count)
    notice(f"{path}: {options.counted(drafts, 'draft')}, and one of a question without an answer")
    if not drafts:
        notice("no sentence has a date, a number or a quotation to ask for; write the questions yourself")
    page = path.with_suffix(".md")
    notice(f"{page} says how to edit them; {path.parent / FLOORS} is what a run must reach")


@app.callback(epilog=examples("eval", "eval --record --update-baseline", "eval --live --model extractive"))
def evaluation(
    context: typer.Context,
    gold: options.Gold = None,
    replay: options.Replay = False,
    record: options.RecordReplies = False,
    live: options.Live = False,
    only: options.Only = None,
    baseline: options.BaselineFile = None,
    update_baseline: options.UpdateBaseline = False,
    judge: options.Judge = None,
    max_cost: options.MaxCost = None,
    check: options.CheckGold = False,
    explain: options.ExplainCase = None,
    report: options.ReportDir = None,
    results: options.Results = None,
    resume: options.Resume = None,
    model: options.Model = None,
    ray: options.Ray = None,
    corpus: options.Corpus = None,
    index: options.IndexDir = None,
) -> None:
    """Ask the gold questions, score the answers, and compare with the baseline.

    Exit status: 0 the gate passed, 1 it failed, 2 error (such as a missing recording or invalid gold).
    """
    if context.invoked_subcommand is not None:
        options.none_before(context)
        return
    from assistant.extras import require

    require("eval", "assistant eval")
    from assistant.evaluation import command
    from assistant.evaluation.harness import GOLD, Wanted
    from assistant.terminal.render import notice

    chosen = settings(corpus=corpus, index=index, model=model)
    check_prices(max_cost, chosen)
    if ray is not None:
        options.none_with_ray(
            record=record, update_baseline=update_baseline, check=check, explain=explain is not None
        )
    wanted = Wanted(
        gold=gold or GOLD,
        mode=options.one_mode(replay=replay, record=record, live=live),
        only=only,
        case=explain,
        baseline=baseline,
        update_baseline=update_baseline,
        judge=judge,
        max_cost=max_cost,
        resume=resume,
    )
    with opened(chosen, encoders=False) as news:
        found = news.opened_index
        if check:
            status = command.print_check(chosen, found, wanted, notice)
        elif explain:
            status = command.print_explanation(chosen, found, wanted, notice)
        elif ray is not None:
            from assistant.cluster.evaluating import asking_cases

            with asking_cases(ray, chosen, wanted) as asking:
                status = command.measure(chosen, found, wanted, results, report, notice, asking)
        else:
            status = command.measure(chosen, found, wanted, results, report, notice)
    raise typer.Exit(status)
