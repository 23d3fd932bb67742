"""What can be wrong with a question about consequences."""

from app.errors import Conflict, Invalid


class OtherBranch(Invalid):
    code = "TERRITORY_PLANS_OF_OTHER_BRANCHES"
    zh = "两个方案属于不同的支公司，不能比较；请选择同一支公司的方案。"
    en = "The two plans are of different branches and cannot be compared. Choose plans of one branch."


class TeamTwice(Invalid):
    code = "TEAM_TWICE"
    zh = "同一团队在 changes 中出现了两次；请合并为一项。"
    en = "A team stands in changes twice. Make one of the two."


class TeamOfOtherBranch(Invalid):
    code = "TEAM_OF_OTHER_BRANCH"
    zh = "changes 中有不属于该支公司的团队；请核对团队代码。"
    en = "A team in changes is not of this branch. Check the team codes."


class TooComplexToDraw(Conflict):
    code = "TOO_COMPLEX_TO_DRAW"
    zh = "图形过于复杂，无法在限定时间内绘制；请先清理边界，或只比较相近的两个方案。"
    en = "The territories are too complex to be drawn in the time allowed. Clean their borders, or compare two versions that are closer."
