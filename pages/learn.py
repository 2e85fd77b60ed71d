"""Learn: how does a variational autoencoder work?"""

import streamlit as st

from pages.ui.controls.page_header import page_header
from pages.ui.learn import session as learn_session
from pages.ui.learn.lesson import lesson
from pages.ui.learn.steps import PLANS, SLUGS, STEPS, source
from pages.ui.runtime import session

page_header(
    "Learn",
    "How does a variational autoencoder work? Read the steps in order and try out their figures.",
)

linked = st.query_params.get("step")
slug = learn_session.current_step(linked if linked in (*SLUGS, "teacher") else SLUGS[0])
st.query_params.from_dict({"step": slug})
go = (st.session_state.get("lesson") or {}).get("go") or {}
if go and session.already_handled("lesson", int(go.get("asked", 0))):
    go = {}
if go.get("by") in (-1, 1) and slug in SLUGS:
    at = max(0, min(len(STEPS) - 1, SLUGS.index(slug) + go["by"]))
    learn_session.go_to_step(SLUGS[at])
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
        width=330,
        key="step-choice",
        on_change=lambda: learn_session.go_to_step(st.session_state["step-choice"]),
    )
    at = SLUGS.index(slug) if slug in SLUGS else 0
    st.button(
        "Back",
        disabled=at == 0,
        on_click=learn_session.go_to_step,
        args=(SLUGS[max(0, at - 1)],),
        key="step-back",
    )
    st.button(
        "Next",
        type="primary",
        disabled=slug not in SLUGS or at == len(STEPS) - 1,
        on_click=learn_session.go_to_step,
        args=(SLUGS[min(len(STEPS) - 1, at + 1)],),
        key="step-next",
    )
    large = st.toggle("Presentation mode", key="lesson-large", persist_state="session")
if large:
    st.html(
        "<style>.stMain p, .stMain li, .stMain label { font-size: 1.35rem !important; }</style>"
    )

if slug == "teacher":
    st.header("For teachers", anchor=False)
    st.write(
        "Each step has its own link. The arrow keys move between the steps; “Presentation mode” "
        "enlarges the text for a projector. No accounts, no grades."
    )
    for name, plan in PLANS.items():
        st.subheader(name, anchor=False)
        rows = "\n".join(
            f"| [{titles[step]}](learn?step={step}) | {minutes} min | {words} |"
            for step, minutes, words in plan
        )
        st.markdown(f"| Step | Time | Activity |\n|---|---|---|\n{rows}")
    st.stop()

step = STEPS[at]
st.header(step.title, anchor=False)
text, formula = st.columns([3, 2], gap="large", vertical_alignment="center")
text.markdown(step.words)
formula.latex(step.formula)
lesson(step, large=large, key="lesson")

with st.container(border=True):
    question = step.question
    answer = st.radio(
        question.words,
        range(len(question.answers)),
        index=None,
        format_func=lambda i: question.answers[i],
        key=f"answer-{slug}",
    )
    if answer is not None:
        right = answer == question.right
        (st.success if right else st.warning)(f"{'Yes' if right else 'Not quite'}. {question.why}")
with st.expander("Source code"):
    for name in step.code:
        st.caption(name.replace(":", " · "))
        st.code(source(name), language="python")
