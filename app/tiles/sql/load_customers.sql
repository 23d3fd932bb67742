-- Whose a customer is: for each open policy its branch, and the team of its live allocation or else of its servicer. A policy that is
-- an orphan has no servicer any more, unless its event waits for approval (rulebook 5.2, 5.5).
SELECT p.policyholder_id, p.branch_code, coalesce(a.team_code, agent.team_code) AS team_code
FROM policy AS p
LEFT JOIN orphan_case AS c ON c.policy_no = p.policy_no AND c.open
LEFT JOIN allocation AS a ON a.case_id = c.id AND a.live
LEFT JOIN agent ON agent.code = p.servicer_code AND (c.id IS NULL OR c.state = 'PENDING_APPROVAL')
WHERE p.status <> 'ENDED' AND TRUE /* which */
