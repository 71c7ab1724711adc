"""What models cost on each source, in a snapshot: counted when it is published, so that no page adds it up."""

from __future__ import annotations

from evalhub.store.hub import Hub


def write_costs(hub: Hub) -> None:
    """Write `model_cost` into the attached `board`, which has attempts and `counting_form`.

    For the pool ('') and each source, and each model by the name that it is ranked by: its attempts under the
    conditions that count, judged or not, for how many of them a price is known, and their mean in US dollars, NULL
    where it is known for none; and its pass rate there with its interval, NULL where other things are measured.
    """
    hub.database.execute(
        """
        CREATE TABLE board.model_cost AS
        WITH asked AS (SELECT sample_id, condition_id AS asked FROM board.sample),
        made AS (
            SELECT sample_id, model, cost FROM board.attempt JOIN asked USING (sample_id)
            JOIN board.counting_form USING (model_id, condition_id, asked)
        ), within AS (
            SELECT sample_id, '' AS source FROM board.sample UNION ALL
            SELECT DISTINCT sample_id, source FROM board.origin
        ), passed AS (
            SELECT source FROM board.measurement JOIN within USING (sample_id) WHERE main
            GROUP BY source HAVING bool_and(kind = 'binary' AND direction = 'up')
        ), mean AS (
            SELECT ranking_id, source FROM board.ranking WHERE method = 'mean'
            QUALIFY row_number() OVER (PARTITION BY source ORDER BY ranked_at DESC, ranking_id) = 1
        ), rated AS (
            SELECT source, model, score AS rate, low AS rate_low, high AS rate_high
            FROM mean JOIN passed USING (source) JOIN board.ranking_row USING (ranking_id)
        )
        SELECT source, model, count(*) AS attempts, count(cost) AS priced, avg(cost) AS cost,
               any_value(rate) AS rate, any_value(rate_low) AS rate_low, any_value(rate_high) AS rate_high
        FROM made JOIN within USING (sample_id) LEFT JOIN rated USING (source, model)
        GROUP BY source, model ORDER BY source, model
        """
    )
