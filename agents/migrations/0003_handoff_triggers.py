"""What the database itself holds of handoffs: only legal moves, by raw SQL too; a time for each state; a chain that never
comes back to where it was. And the roster and payload types that every project starts with."""

import json

from django.db import migrations

MOVES = """
CREATE FUNCTION agents_refuse(told text, "constraint" text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = told, ERRCODE = 'restrict_violation', CONSTRAINT = "constraint";
END $$;

-- A handoff begins pending, within one project, at the end of a chain in which nobody stands twice.
CREATE FUNCTION agents_handoff_begins() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    giver text; taker text; above agents_handoff; passed jsonb;
BEGIN
    IF NEW.status <> 'PENDING' OR NEW.attempt <> 1 OR NEW.inputs <> '[]' OR NEW.worker <> '' THEN
        PERFORM agents_refuse('a handoff begins as pending', 'handoff_begins_pending');
    END IF;
    SELECT code INTO taker FROM agents_agent WHERE id = NEW.to_agent_id AND project_id = NEW.project_id;
    SELECT code INTO giver FROM agents_agent WHERE id = NEW.from_agent_id AND project_id = NEW.project_id;
    IF taker IS NULL OR (giver IS NULL AND NEW.from_agent_id IS NOT NULL) OR NOT EXISTS (
            SELECT FROM agents_payloadtype WHERE id = NEW.payload_type_id AND project_id = NEW.project_id) THEN
        PERFORM agents_refuse('a handoff stays within its project', 'handoff_within_project');
    END IF;
    IF NEW.parent_id IS NULL THEN
        passed := CASE WHEN giver IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(giver) END;
        IF NEW.hop_count <> 1 THEN
            PERFORM agents_refuse('the first handoff is the first hop', 'handoff_counts_hops');
        END IF;
    ELSE
        SELECT * INTO above FROM agents_handoff WHERE id = NEW.parent_id AND project_id = NEW.project_id;
        IF above.id IS NULL THEN
            PERFORM agents_refuse('a handoff stays within its project', 'handoff_within_project');
        END IF;
        passed := above.chain;
        IF NEW.hop_count <> above.hop_count + 1 THEN
            PERFORM agents_refuse('each handoff is a hop', 'handoff_counts_hops');
        END IF;
        IF NEW.from_agent_id <> above.to_agent_id THEN
            PERFORM agents_refuse('work is handed on by whom it was handed to', 'handoff_continues_chain');
        END IF;
    END IF;
    IF passed ? taker THEN
        PERFORM agents_refuse('this chain comes back to where it was', 'chain_comes_back');
    END IF;
    IF NEW.chain IS DISTINCT FROM passed || jsonb_build_array(taker) THEN
        PERFORM agents_refuse('the chain is not the one that led here', 'handoff_continues_chain');
    END IF;
    NEW.pending_at := now();
    NEW.in_progress_at := NULL; NEW.input_required_at := NULL; NEW.completed_at := NULL; NEW.rejected_at := NULL;
    NEW.failed_at := NULL; NEW.canceled_at := NULL; NEW.expired_at := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER handoff_begins BEFORE INSERT ON agents_handoff
    FOR EACH ROW EXECUTE FUNCTION agents_handoff_begins();

-- May it stand so after it stood so? Time is the transaction's, as in the questions that verbs ask.
CREATE FUNCTION agents_may_move(old agents_handoff, new agents_handoff) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE old.status || ' ' || new.status
        WHEN 'PENDING PENDING' THEN true
        WHEN 'PENDING IN_PROGRESS' THEN new.lease_until > now()
        WHEN 'PENDING REJECTED' THEN true
        WHEN 'PENDING CANCELED' THEN true
        WHEN 'PENDING EXPIRED' THEN true
        WHEN 'INPUT_REQUIRED INPUT_REQUIRED' THEN true
        WHEN 'INPUT_REQUIRED PENDING' THEN true
        WHEN 'INPUT_REQUIRED CANCELED' THEN true
        WHEN 'INPUT_REQUIRED EXPIRED' THEN true
        -- Held on to by the same, or taken over by another once the lease has run out.
        WHEN 'IN_PROGRESS IN_PROGRESS' THEN new.lease_until > now() AND CASE WHEN new.lease_id = old.lease_id
            THEN old.lease_until > now() ELSE old.lease_until <= now() AND new.attempt = old.attempt + 1 END
        -- Given back or run out, which costs an attempt, or given to somebody else.
        WHEN 'IN_PROGRESS PENDING' THEN new.attempt = old.attempt + 1 OR new.to_agent_id <> old.to_agent_id
        WHEN 'IN_PROGRESS INPUT_REQUIRED' THEN old.lease_until > now()
        WHEN 'IN_PROGRESS COMPLETED' THEN old.lease_until > now()
            AND EXISTS (SELECT FROM agents_handoffresult WHERE handoff_id = old.id AND NOT late)
        WHEN 'IN_PROGRESS REJECTED' THEN old.lease_until > now()
        WHEN 'IN_PROGRESS FAILED' THEN old.lease_until > now() OR old.attempt >= old.max_attempts
        WHEN 'IN_PROGRESS CANCELED' THEN true
        WHEN 'IN_PROGRESS EXPIRED' THEN true
        ELSE false
    END
    -- Past its deadline a handoff is expired, whatever else it might have become; and never before.
    AND (new.status = 'EXPIRED') = (old.deadline IS NOT NULL AND old.deadline <= now())
$$;

CREATE FUNCTION agents_handoff_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taker text;
BEGIN
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    IF OLD.status NOT IN ('PENDING', 'IN_PROGRESS', 'INPUT_REQUIRED') THEN
        PERFORM agents_refuse('a handoff that is over stays as it is', 'handoff_is_over');
    END IF;
    IF (NEW.id, NEW.project_id, NEW.task_id, NEW.context_id, NEW.parent_id, NEW.from_agent_id, NEW.hop_count,
        NEW.payload_type_id, NEW.payload, NEW.priority, NEW.deadline, NEW.lease_seconds, NEW.max_attempts,
        NEW.idempotency_key, NEW.asked_digest, NEW.run_id, NEW.trace_id, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.project_id, OLD.task_id, OLD.context_id, OLD.parent_id, OLD.from_agent_id, OLD.hop_count,
        OLD.payload_type_id, OLD.payload, OLD.priority, OLD.deadline, OLD.lease_seconds, OLD.max_attempts,
        OLD.idempotency_key, OLD.asked_digest, OLD.run_id, OLD.trace_id, OLD.created_at) THEN
        PERFORM agents_refuse('what was handed over stays what it is', 'handoff_keeps_its_content');
    END IF;
    IF NOT agents_may_move(OLD, NEW) THEN
        PERFORM agents_refuse('a handoff does not go from ' || OLD.status || ' to ' || NEW.status || ' like this',
                              'handoff_moves_legally');
    END IF;
    IF NEW.to_agent_id <> OLD.to_agent_id THEN
        SELECT code INTO taker FROM agents_agent WHERE id = NEW.to_agent_id AND project_id = NEW.project_id;
        IF NEW.status <> 'PENDING' OR NEW.attempt <> 1 OR taker IS NULL OR OLD.chain ? taker
                OR NEW.chain <> (OLD.chain - -1) || jsonb_build_array(taker) THEN
            PERFORM agents_refuse('it cannot be given to this agent', 'handoff_continues_chain');
        END IF;
    ELSIF NEW.chain <> OLD.chain OR NEW.attempt > NEW.max_attempts OR NEW.attempt NOT IN (OLD.attempt, OLD.attempt + 1)
            OR (NEW.attempt <> OLD.attempt AND OLD.status <> 'IN_PROGRESS') THEN
        PERFORM agents_refuse('attempts are counted one by one', 'handoff_counts_attempts');
    END IF;
    NEW.pending_at := OLD.pending_at; NEW.in_progress_at := OLD.in_progress_at;
    NEW.input_required_at := OLD.input_required_at; NEW.completed_at := OLD.completed_at;
    NEW.rejected_at := OLD.rejected_at; NEW.failed_at := OLD.failed_at; NEW.canceled_at := OLD.canceled_at;
    NEW.expired_at := OLD.expired_at;
    IF NEW.status <> OLD.status OR NEW.lease_id <> OLD.lease_id OR NEW.to_agent_id <> OLD.to_agent_id THEN
        CASE NEW.status
            WHEN 'PENDING' THEN NEW.pending_at := now();
            WHEN 'IN_PROGRESS' THEN NEW.in_progress_at := now();
            WHEN 'INPUT_REQUIRED' THEN NEW.input_required_at := now();
            WHEN 'COMPLETED' THEN NEW.completed_at := now();
            WHEN 'REJECTED' THEN NEW.rejected_at := now();
            WHEN 'FAILED' THEN NEW.failed_at := now();
            WHEN 'CANCELED' THEN NEW.canceled_at := now();
            WHEN 'EXPIRED' THEN NEW.expired_at := now();
        END CASE;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER handoff_moves BEFORE UPDATE ON agents_handoff
    FOR EACH ROW EXECUTE FUNCTION agents_handoff_moves();

-- What was told stays told.
CREATE FUNCTION agents_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM agents_refuse('this stays as it was written', TG_TABLE_NAME || '_stays');
    RETURN NULL;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON agents_handoffresult FOR EACH ROW EXECUTE FUNCTION agents_stays();
CREATE TRIGGER stays BEFORE UPDATE ON agents_handoffevent FOR EACH ROW
    WHEN ((OLD.action, OLD.status, OLD.attempt, OLD.reason, OLD.facts, OLD.handoff_id)
          IS DISTINCT FROM (NEW.action, NEW.status, NEW.attempt, NEW.reason, NEW.facts, NEW.handoff_id))
    EXECUTE FUNCTION agents_stays();
CREATE TRIGGER stays BEFORE UPDATE ON agents_payloadtype FOR EACH ROW
    WHEN ((OLD.project_id, OLD.name, OLD.version, OLD.schema)
          IS DISTINCT FROM (NEW.project_id, NEW.name, NEW.version, NEW.schema))
    EXECUTE FUNCTION agents_stays();
CREATE TRIGGER stays BEFORE UPDATE ON agents_agent FOR EACH ROW
    WHEN ((OLD.project_id, OLD.code) IS DISTINCT FROM (NEW.project_id, NEW.code))
    EXECUTE FUNCTION agents_stays();
CREATE TRIGGER stays BEFORE UPDATE ON agents_agentmemory FOR EACH ROW
    WHEN (OLD.superseded_by_id IS NOT NULL AND OLD.superseded_by_id IS DISTINCT FROM NEW.superseded_by_id
          AND NEW.superseded_by_id IS NOT NULL
          OR (OLD.project_id, OLD.agent_id, OLD.kind, OLD.key, OLD.value, OLD.scope, OLD.valid_from)
          IS DISTINCT FROM
          (NEW.project_id, NEW.agent_id, NEW.kind, NEW.key, NEW.value, NEW.scope, NEW.valid_from))
    EXECUTE FUNCTION agents_stays();
"""

ROSTER = {
    "NOVA": ("Nova", "Lead: takes in what comes, decides who does it", ("delegation", "planning", "review")),
    "ATLAS": ("Atlas", "Strategy: goals, markets, plans", ("strategy", "research", "positioning")),
    "RAFA": ("Rafa", "Content: writes what is published", ("copywriting", "captions", "email")),
    "SENTINEL": ("Sentinel", "Security: watches for leaks and misuse", ("security", "monitoring", "incident response")),
    "REX": ("Rex", "Revenue: leads, offers, sales", ("sales", "lead enrichment", "pricing")),
    "ANCHOR": ("Anchor", "Retention: keeps clients who are about to leave", ("retention", "win-back", "support")),
}


def _text(most, **more):
    return {"type": "string", "minLength": 1, "maxLength": most} | more


def _list(most, longest=500):
    return {"type": "array", "items": _text(longest), "maxItems": most}


def _schema(properties, *required):
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


TYPES = {
    "content_brief": (
        "Something to be written: what about, for whom, where it appears.",
        _schema(
            {
                "topic": _text(500, description="What it is about."),
                "objective": _text(2000, description="What it is to achieve."),
                "audience": _text(1000, description="Whom it speaks to."),
                "category": _text(100, description="The category of the vault: caption, post, email."),
                "vertical": _text(100),
                "platform": _text(100),
                "language": _text(20, description="A language tag such as en or pt-BR."),
                "tone": _text(200),
                "key_points": _list(50),
                "keywords": _list(50, 100),
                "call_to_action": _text(500),
                "max_length": {"type": "integer", "minimum": 1, "maximum": 1000000, "description": "In characters."},
                "client_id": _text(100),
                "references": _list(50, 2000),
                "notes": _text(10000),
            },
            "topic",
        ),
    ),
    "strategic_delegation": (
        "A goal that an agent is to reach in its own way.",
        _schema(
            {
                "objective": _text(20000, description="What is to be reached."),
                "background": _text(20000),
                "constraints": _list(50, 2000),
                "success_criteria": _list(50, 2000),
                "deliverables": _list(50, 2000),
                "stakeholders": _list(50, 200),
                "budget_usd": {"type": "number", "minimum": 0},
                "due": _text(40, description="When it is wanted, as a date or a time (RFC 3339)."),
                "client_id": _text(100),
                "notes": _text(10000),
            },
            "objective",
        ),
    ),
    "security_alert": (
        "Something that threatens the installation, its data or its clients.",
        _schema(
            {
                "title": _text(300),
                "severity": {"type": "string", "enum": ["low", "medium", "high", "critical"]},
                "category": _text(100, description="Of what kind: leak, intrusion, misuse, outage."),
                "summary": _text(20000),
                "affected": _list(200),
                "indicators": _list(200, 2000),
                "detected_at": _text(40, description="A time (RFC 3339)."),
                "finding_id": _text(100),
                "recommended_actions": _list(50, 2000),
                "contained": {"type": "boolean"},
            },
            "title",
            "severity",
        ),
    ),
    "churn_intervention": (
        "A client who may leave, and what is known of why.",
        _schema(
            {
                "client_id": _text(100),
                "client_name": _text(200),
                "risk": {"type": "number", "minimum": 0, "maximum": 1, "description": "How likely they leave."},
                "signals": _list(100),
                "reasons": _list(50, 2000),
                "monthly_value_usd": {"type": "number", "minimum": 0},
                "last_contact": _text(40, description="A date or a time (RFC 3339)."),
                "tried": _list(50, 2000),
                "suggested_offer": _text(2000),
                "notes": _text(10000),
            },
            "client_id",
            "risk",
        ),
    ),
}


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"


def _agent(code):
    name, role, skills = ROSTER[code]
    card = {
        "description": role,
        "skills": [{"id": skill.replace(" ", "-"), "name": skill.capitalize(), "tags": [skill]} for skill in skills],
    }
    return f"({_quoted(code)}, {_quoted(name)}, {_quoted(role)}, {_quoted(json.dumps(card))}::jsonb)"


def _type(name):
    description, schema = TYPES[name]
    return f"({_quoted(name)}, {_quoted(description)}, {_quoted(json.dumps(schema))}::jsonb)"


SEED = f"""
CREATE FUNCTION agents_seed(project uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO agents_agent (id, created_at, updated_at, project_id, code, name, role, is_active, card)
    SELECT gen_random_uuid(), now(), now(), project, code, name, role, true, card FROM (VALUES
        {", ".join(_agent(code) for code in ROSTER)}
    ) AS seeded (code, name, role, card)
    ON CONFLICT (project_id, code) DO NOTHING;
    INSERT INTO agents_payloadtype (id, created_at, project_id, name, version, description, schema)
    SELECT gen_random_uuid(), now(), project, name, 1, description, schema FROM (VALUES
        {", ".join(_type(name) for name in TYPES)}
    ) AS seeded (name, description, schema)
    ON CONFLICT (project_id, name, version) DO NOTHING;
$$;
CREATE FUNCTION agents_project_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM agents_seed(NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER project_agents AFTER INSERT ON sentinel_project
    FOR EACH ROW EXECUTE FUNCTION agents_project_made();
SELECT agents_seed(id) FROM sentinel_project;
"""

UNDO = """
DROP TRIGGER project_agents ON sentinel_project;
DROP TRIGGER stays ON agents_agentmemory;
DROP TRIGGER stays ON agents_agent;
DROP TRIGGER stays ON agents_payloadtype;
DROP TRIGGER stays ON agents_handoffevent;
DROP TRIGGER stays ON agents_handoffresult;
DROP TRIGGER handoff_moves ON agents_handoff;
DROP TRIGGER handoff_begins ON agents_handoff;
DROP FUNCTION agents_project_made(), agents_seed(uuid), agents_stays(), agents_handoff_moves(),
    agents_may_move(agents_handoff, agents_handoff), agents_handoff_begins(), agents_refuse(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0002_handoffs"), ("sentinel", "0002_revision_triggers")]

    operations = [migrations.RunSQL(MOVES + SEED, UNDO)]
