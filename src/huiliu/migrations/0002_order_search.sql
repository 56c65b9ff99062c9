-- Keyword search of orders by its index.
--
-- Under row-level security a condition that is not leakproof (@> on arrays is not) may only look at rows that the policy
-- has passed, so orders_grams would never be used and every search would read all of a platform's orders. This view
-- belongs to the tables' owner, to whom the policy does not apply, and says the same thing itself: one platform, the
-- transaction's. Unlike the policy it shows nothing at all to '*', the worker's search for due work.
CREATE VIEW findable_orders WITH (security_invoker = false) AS
    SELECT * FROM orders
     WHERE platform_id = CASE current_setting('huiliu.platform', true) WHEN '*' THEN NULL
                         ELSE nullif(current_setting('huiliu.platform', true), '')::int END;
GRANT SELECT ON findable_orders TO huiliu_app;

-- 充值失败 and 未到账 also find orders by their delivery state; most orders are delivered and cost nothing here.
CREATE INDEX orders_undelivered ON orders (platform_id, delivery_state, ordered_at DESC, id)
    WHERE delivery_state <> 'delivered';
