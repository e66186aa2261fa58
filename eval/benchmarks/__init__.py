"""What measures the assistant and what it is compared with; only benchmarks and tests import it.

retrieval_bench   retrieval, stage by stage: stages, measures
answers           answers on other people's questions: sets, scores, table, support
data              what both ask, and the evidence it needs
index, command    an index to measure on; what the commands have in common
growth            what grows with an index: synthetic, its articles
judgecal          how scorer and judge agree with people
harm              the own test of the evaluation's gate
attacks           instructions planted in articles, and what they change of the answers
calibrate         the threshold for declining, and what its signals are worth
claims            what each check of a sentence catches
tutorial          LangChain's tutorial, to compare with; unknowing, a model that knows nothing
peer              haiku.rag, to compare with: haiku, its environment; endpoint, which embeds for it
how_good          the page of all figures, of the runs in kept_runs
"""
