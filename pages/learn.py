"""Learn: how does a variational autoencoder work?"""

import streamlit as st

from pages.ui.controls.page_header import page_header
from pages.ui.learn.lesson import lesson
from pages.ui.learn.steps import PLANS, SLUGS, STEPS, source
from pages.ui.runtime import session

page_header(
    "Learn",
    "How does a variational autoencoder work? Read the steps in order and try out their figures.",
)

SHOWN = "lesson-step"  # of the session: the slug of the step that is shown

linked = st.query_params.get("step")
slug = st.session_state.setdefault(SHOWN, linked if linked in (*SLUGS, "teacher") else SLUGS[0])
st.query_params.from_dict({"step": slug})


def move(by: int) -> None:
    """Goes forward or back by a step; there is none before the first and after the last one."""
    at = max(0, min(len(STEPS) - 1, SLUGS.index(slug) + by))
    st.session_state[SHOWN] = SLUGS[at]


go = (st.session_state.get("lesson") or {}).get("go") or {}
if go and session.already_handled("lesson", int(go.get("asked", 0))):
    go = {}
if go.get("by") in (-1, 1) and slug in SLUGS:
    move(go["by"])
    st.rerun()

titles = {step.slug: f"{i} · {step.title}" for i, step in enumerate(STEPS, 1)}
titles["teacher"] = "For teachers"
with st.container(horizontal=True, vertical_alignment="center"):
    st.session_state["step-choice"] = slug
    st.selectbox(
        "Step",
        list(titles),
        format_func=titles.get,
        label_visibility="collapsed",
        width=430,
        key="step-choice",
        on_change=lambda: st.session_state.update({SHOWN: st.session_state["step-choice"]}),
    )
    can_go_back, can_go_on = slug in SLUGS[1:], slug in SLUGS[:-1]
    st.button("Back", disabled=not can_go_back, on_click=move, args=(-1,), key="step-back")
    st.button(
        "Next", type="primary", disabled=not can_go_on, on_click=move, args=(1,), key="step-next"
    )
    large = st.toggle("Presentation mode", key="lesson-large", persist_state="session")
if large:  # everything is in units of the root's size, but for the figure's parts
    st.html("<style>html { font-size: 20px !important; }</style>")

if slug == "teacher":
    st.header("For teachers", anchor=False)
    st.write(
        "Each step has its own link. The arrow keys move between the steps; “Presentation mode” "
        "enlarges everything for a projector. No accounts, no grades."
    )
    for name, plan in PLANS.items():
        st.subheader(name, anchor=False)
        rows = "\n".join(
            f"| [{titles[step]}](learn?step={step}) | {minutes} min | {words} |"
            for step, minutes, words in plan
        )
        st.markdown(f"| Step | Time | Activity |\n|---|---|---|\n{rows}")
    st.subheader("Answers", anchor=False)
    rows = "\n".join(
        f"| {titles[s.slug]} | {s.question} | **{s.answers[s.right]}.** {s.why} |" for s in STEPS
    )
    st.markdown(f"| Step | Question | Answer |\n|---|---|---|\n{rows}")
    st.stop()

step = STEPS[SLUGS.index(slug)]
st.header(step.title, anchor=False)
beside = {"spec": [3, 2], "gap": "large", "vertical_alignment": "center"}
text, formula = (st, st) if large else st.columns(**beside)
text.markdown(step.words)
formula.latex(step.formula)
lesson(step, large=large, key="lesson")

with st.container(border=True):
    answer = st.radio(step.question, step.answers, index=None, key=f"answer-{slug}")
    if answer == step.answers[step.right]:
        st.success(f"Yes. {step.why}")
    elif answer is not None:
        st.warning(f"Not quite. {step.why}")
with st.expander("Source code"):
    for name in step.code:
        st.caption(name.replace(":", " · "))
        st.code(source(name), language="python")
