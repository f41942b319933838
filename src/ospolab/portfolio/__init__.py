"""The papers an office issues. Each lab adds one for the learner's own organisation.

`organisation.current()` is whom they are for; `kinds()` are the papers there are; `papers` holds how they are read,
checked, written and rendered. A module a paper: its facts as a pydantic model, and the rules it must keep.
"""

from __future__ import annotations

from ospolab.portfolio.papers import Paper, PaperError, State, folder, read, render, state, write

__all__ = ["Paper", "PaperError", "State", "folder", "kinds", "read", "render", "state", "write"]


def kinds() -> list[type[Paper]]:
    """Every paper the labs that exist can issue, in the order of the course."""
    # Here, not above: the health report needs pandas, and who only writes a charter does not.
    from ospolab.portfolio.business_case import BusinessCase
    from ospolab.portfolio.charter import Charter
    from ospolab.portfolio.community_plan import CommunityPlan
    from ospolab.portfolio.compatibility_report import CompatibilityReport
    from ospolab.portfolio.contribution_checklist import ContributionChecklist
    from ospolab.portfolio.contribution_memo import ContributionMemo
    from ospolab.portfolio.distribution_policy import DistributionPolicy
    from ospolab.portfolio.funding_plan import FundingPlan
    from ospolab.portfolio.health_report import HealthReport
    from ospolab.portfolio.innersource_candidates import InnerSourceCandidates
    from ospolab.portfolio.licence_policy import LicencePolicy, LicenceRules
    from ospolab.portfolio.maturity_placement import MaturityPlacement
    from ospolab.portfolio.notice_bundle import NoticeBundle
    from ospolab.portfolio.organisation import Organisation
    from ospolab.portfolio.release_report import ReleaseReport
    from ospolab.portfolio.relicensing_register import RelicensingRegister
    from ospolab.portfolio.sbom_file import Sbom
    from ospolab.portfolio.sbom_report import SbomReport
    from ospolab.portfolio.training_plan import TrainingPlan
    from ospolab.portfolio.triage_report import TriageReport
    from ospolab.portfolio.use_policy import UsePolicy
    from ospolab.portfolio.vex_file import Vex
    from ospolab.portfolio.watch_list import WatchList

    return [
        Organisation,
        Charter,
        MaturityPlacement,
        UsePolicy,
        TrainingPlan,
        Sbom,
        SbomReport,
        ContributionChecklist,
        InnerSourceCandidates,
        RelicensingRegister,
        LicencePolicy,
        LicenceRules,
        CompatibilityReport,
        ContributionMemo,
        BusinessCase,
        ReleaseReport,
        NoticeBundle,
        DistributionPolicy,
        CommunityPlan,
        FundingPlan,
        WatchList,
        TriageReport,
        Vex,
        HealthReport,
    ]
